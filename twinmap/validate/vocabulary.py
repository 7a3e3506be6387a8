"""The terms of SHACL that an engine may meet: core, SPARQL and the advanced features.

Sources: W3C Recommendation SHACL (2017), sections 2 to 7 and appendix; W3C Note SHACL Advanced
Features (2017). Terms of SHACL-JS are known here so that they can be refused by name.
"""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The blank-separated words of a text."""
    return frozenset(text.split())


_CLASSES = """
NodeShape PropertyShape Shape ValidationReport ValidationResult AbstractResult Severity Info Violation
Warning NodeKind BlankNode IRI Literal BlankNodeOrIRI BlankNodeOrLiteral IRIOrLiteral Parameter
Parameterizable ConstraintComponent Validator PrefixDeclaration PropertyGroup SPARQLExecutable
SPARQLAskExecutable SPARQLSelectExecutable SPARQLConstructExecutable SPARQLUpdateExecutable
SPARQLConstraint SPARQLAskValidator SPARQLSelectValidator SPARQLFunction Function SPARQLTarget
SPARQLTargetType Target TargetType Rule SPARQLRule TripleRule ResultAnnotation ExpressionConstraint
AndConstraintComponent ClassConstraintComponent ClosedConstraintComponent DatatypeConstraintComponent
DisjointConstraintComponent EqualsConstraintComponent ExpressionConstraintComponent
HasValueConstraintComponent InConstraintComponent LanguageInConstraintComponent
LessThanConstraintComponent LessThanOrEqualsConstraintComponent MaxCountConstraintComponent
MaxExclusiveConstraintComponent MaxInclusiveConstraintComponent MaxLengthConstraintComponent
MinCountConstraintComponent MinExclusiveConstraintComponent MinInclusiveConstraintComponent
MinLengthConstraintComponent NodeConstraintComponent NodeKindConstraintComponent NotConstraintComponent
OrConstraintComponent PatternConstraintComponent PropertyConstraintComponent
QualifiedMaxCountConstraintComponent QualifiedMinCountConstraintComponent SPARQLConstraintComponent
UniqueLangConstraintComponent XoneConstraintComponent
"""

#: Terms that constrain: they stand at a shape and are what an engine tests.
CONSTRAINTS = words(
    """
    and class closed datatype disjoint equals expression hasValue in languageIn lessThan lessThanOrEquals
    maxCount maxExclusive maxInclusive maxLength minCount minExclusive minInclusive minLength node nodeKind
    not or pattern property qualifiedMaxCount qualifiedMinCount qualifiedValueShape sparql uniqueLang xone
    """
)

_PROPERTIES = """
alternativePath annotationProperty annotationValue annotationVarName ask conforms construct condition
deactivated declare defaultValue description detail entailment filterShape flags focusNode group
ignoredProperties inversePath intersection labelTemplate message name namespace nodeValidator nodes
nodeKind object oneOrMorePath optional order parameter path predicate prefix prefixes propertyValidator
qualifiedValueShapesDisjoint result resultAnnotation resultMessage resultPath resultSeverity returnType
rule select severity shapesGraph shapesGraphWellFormed sourceConstraint sourceConstraintComponent
sourceShape subject suggestedShapesGraph target targetClass targetNode targetObjectsOf targetSubjectsOf
this union update validator value zeroOrMorePath zeroOrOnePath
"""

#: SHACL-JS: refused.
JAVASCRIPT = words(
    """
    js jsFunctionName jsLibrary jsLibraryURL JSConstraint JSConstraintComponent JSExecutable JSFunction
    JSLibrary JSRule JSTarget JSTargetType JSValidator
    """
)

#: Every known local name.
KNOWN = words(_CLASSES) | words(_PROPERTIES) | CONSTRAINTS | JAVASCRIPT
