"""What a result says to people, made from the shape: the same for every engine, without any value."""

from __future__ import annotations

import re
from collections.abc import Callable

from twinmap.validate.rdf import Term, language, lexical, local_name, short
from twinmap.validate.shapes import ShapesGraph

#: How many members of a list are shown.
_SHOWN = 6

#: Component (without its ending) to parameter and sentence; ``{}`` is the parameter's value.
_TEXT: dict[str, tuple[str, str]] = {
    "MinCount": ("minCount", "at least {} needed"),
    "MaxCount": ("maxCount", "at most {} allowed"),
    "Datatype": ("datatype", "the value must be written as {}"),
    "Class": ("class", "the value must be a {}"),
    "NodeKind": ("nodeKind", "the value must be of kind {}"),
    "MinInclusive": ("minInclusive", "the value must be {} or more"),
    "MaxInclusive": ("maxInclusive", "the value must be {} or less"),
    "MinExclusive": ("minExclusive", "the value must be more than {}"),
    "MaxExclusive": ("maxExclusive", "the value must be less than {}"),
    "MinLength": ("minLength", "the value must have {} characters or more"),
    "MaxLength": ("maxLength", "the value must have {} characters or fewer"),
    "Pattern": ("pattern", "the value must have the form {}"),
    "In": ("in", "the value must be one of {}"),
    "LanguageIn": ("languageIn", "the language must be one of {}"),
    "HasValue": ("hasValue", "{} must be among the values"),
    "Equals": ("equals", "the values must be those of {}"),
    "Disjoint": ("disjoint", "the value must not be a value of {}"),
    "LessThan": ("lessThan", "the value must be less than that of {}"),
    "LessThanOrEquals": ("lessThanOrEquals", "the value must not be more than that of {}"),
    "Node": ("node", "the value must conform to {}"),
    "Not": ("not", "the value must not conform to {}"),
    "And": ("and", "the value must conform to all of {}"),
    "Or": ("or", "the value must conform to one of {}"),
    "Xone": ("xone", "the value must conform to exactly one of {}"),
    "QualifiedMinCount": ("qualifiedMinCount", "at least {} of the values must be of the kind described"),
    "QualifiedMaxCount": ("qualifiedMaxCount", "at most {} of the values may be of the kind described"),
    "UniqueLang": ("uniqueLang", "a language may be used once"),
    "Closed": ("closed", "this property is not foreseen here"),
    "SPARQL": ("sparql", "the query of the shape found a fault"),
    "Expression": ("expression", "the expression of the shape does not hold"),
}


def author_message(graph: ShapesGraph, shape: Term, component: Term) -> str | None:
    """The shape's own ``sh:message`` as written (English first), placeholders left as they are."""
    texts = list(graph.values(shape, "message"))
    if component.endswith("#SPARQLConstraintComponent>"):
        for constraint in graph.values(shape, "sparql"):
            texts = [*graph.values(constraint, "message"), *texts]
            break
    if not texts:
        return None
    best = min(texts, key=lambda text: ((language(text) or "en").split("-")[0] != "en", text))
    return " ".join(lexical(best).split())


def describe(graph: ShapesGraph, shape: Term, component: Term, path: str | None) -> str:
    """One line: what the shape demands, in the words of its author, else with the property.

    >>> from twinmap.validate.shapes import ShapesGraph
    >>> text = b'''@prefix sh: <http://www.w3.org/ns/shacl#> .
    ... <urn:s> a sh:PropertyShape ; sh:path <urn:unit> ; sh:minCount 1 .'''
    >>> component = "<http://www.w3.org/ns/shacl#MinCountConstraintComponent>"
    >>> describe(ShapesGraph.parse([text]), "<urn:s>", component, "<urn:unit>")
    'urn:unit: at least 1 needed'
    """
    name = local_name(component).removesuffix("ConstraintComponent")
    message = author_message(graph, shape, component)
    if message is not None:
        return message
    message = _default(graph, shape, name) or f"the constraint {short(component)} is not met"
    return f"{short_path(path)}: {message}" if path else message


def _default(graph: ShapesGraph, shape: Term, name: str) -> str | None:
    if name not in _TEXT:
        return None
    parameter, sentence = _TEXT[name]
    values = graph.values(shape, parameter)
    as_list: Callable[[Term], list[str]] = lambda head: [short(item) for item in graph.items(head)]  # noqa: E731
    if parameter in ("in", "languageIn", "and", "or", "xone"):
        words = [word for head in values for word in as_list(head)]
    else:
        words = [short(value) for value in values]
    shown = ", ".join(words[:_SHOWN]) + (f" … ({len(words)})" if len(words) > _SHOWN else "")
    return sentence.format(shown)


def short_path(path: str) -> str:
    """A path with CURIEs in place of IRIs.

    >>> short_path("^<http://www.w3.org/ns/sosa/observedProperty>")
    '^sosa:observedProperty'
    """
    return re.sub(r"<[^<>\s]*>", lambda match: short(match[0]), path)
