"""Facts of FHIR R4 (4.0.1) that a reader needs: resource types, choice elements, marks of other releases.

Source of types and choices: the R4 specification (resource-types value set; elements whose name ends in
``[x]``). Source of the marks: the lists of changes to the previous release in the R4 and R5
specifications; only marks that R4 cannot have are listed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


#: Every concrete resource type of R4.
RESOURCE_TYPES = _words(
    """
    Account ActivityDefinition AdverseEvent AllergyIntolerance Appointment AppointmentResponse AuditEvent
    Basic Binary BiologicallyDerivedProduct BodyStructure Bundle CapabilityStatement CarePlan CareTeam
    CatalogEntry ChargeItem ChargeItemDefinition Claim ClaimResponse ClinicalImpression CodeSystem
    Communication CommunicationRequest CompartmentDefinition Composition ConceptMap Condition Consent
    Contract Coverage CoverageEligibilityRequest CoverageEligibilityResponse DetectedIssue Device
    DeviceDefinition DeviceMetric DeviceRequest DeviceUseStatement DiagnosticReport DocumentManifest
    DocumentReference EffectEvidenceSynthesis Encounter Endpoint EnrollmentRequest EnrollmentResponse
    EpisodeOfCare EventDefinition Evidence EvidenceVariable ExampleScenario ExplanationOfBenefit
    FamilyMemberHistory Flag Goal GraphDefinition Group GuidanceResponse HealthcareService ImagingStudy
    Immunization ImmunizationEvaluation ImmunizationRecommendation ImplementationGuide InsurancePlan Invoice
    Library Linkage List Location Measure MeasureReport Media Medication MedicationAdministration
    MedicationDispense MedicationKnowledge MedicationRequest MedicationStatement MedicinalProduct
    MedicinalProductAuthorization MedicinalProductContraindication MedicinalProductIndication
    MedicinalProductIngredient MedicinalProductInteraction MedicinalProductManufactured
    MedicinalProductPackaged MedicinalProductPharmaceutical MedicinalProductUndesirableEffect
    MessageDefinition MessageHeader MolecularSequence NamingSystem NutritionOrder Observation
    ObservationDefinition OperationDefinition OperationOutcome Organization OrganizationAffiliation
    Parameters Patient PaymentNotice PaymentReconciliation Person PlanDefinition Practitioner
    PractitionerRole Procedure Provenance Questionnaire QuestionnaireResponse RelatedPerson RequestGroup
    ResearchDefinition ResearchElementDefinition ResearchStudy ResearchSubject RiskAssessment
    RiskEvidenceSynthesis Schedule SearchParameter ServiceRequest Slot Specimen SpecimenDefinition
    StructureDefinition StructureMap Subscription Substance SubstanceNucleicAcid SubstancePolymer
    SubstanceProtein SubstanceReferenceInformation SubstanceSourceMaterial SubstanceSpecification
    SupplyDelivery SupplyRequest Task TerminologyCapabilities TestReport TestScript ValueSet
    VerificationResult VisionPrescription
    """
)

#: Choice elements of resources and data types and the types they may take, in all places together.
#: Left out are those of definitional resources whose name is a plain element elsewhere (``code[x]``).
_CHOICES = {
    "abatement": "DateTime Age Period Range String",
    "additive": "CodeableConcept Reference",
    "age": "Age Range String CodeableConcept",
    "allowed": "UnsignedInt String Money Boolean CodeableConcept",
    "amount": "Quantity Range String Ratio",
    "answer": "Boolean Decimal Integer Date DateTime Time String Coding Quantity Reference",
    "asNeeded": "Boolean CodeableConcept",
    "born": "Period Date String",
    "bounds": "Duration Range Period",
    "characteristic": "CodeableConcept Quantity",
    "chargeItem": "Reference CodeableConcept",
    "collected": "DateTime Period",
    "content": "String Attachment Reference",
    "created": "DateTime Period",
    "deceased": "Boolean Age Range Date String DateTime",
    "definingSubstance": "Reference CodeableConcept",
    "detail": "Quantity Range CodeableConcept String Boolean Integer Ratio",
    "diagnosis": "CodeableConcept Reference",
    "dose": "Range Quantity",
    "doseNumber": "PositiveInt String",
    "due": "Date Duration",
    "effective": "DateTime Period Timing Instant",
    "fastingStatus": "CodeableConcept Duration",
    "identified": "DateTime Period",
    "indication": "CodeableConcept Reference",
    "item": "CodeableConcept Reference",
    "location": "Address Reference CodeableConcept",
    "manufacturer": "String Reference",
    "medication": "CodeableConcept Reference",
    "minimumVolume": "Quantity String",
    "module": "Uri Canonical CodeableConcept",
    "multipleBirth": "Boolean Integer",
    "occurred": "Period DateTime",
    "occurrence": "DateTime Period Timing String",
    "offset": "Duration Range",
    "onset": "DateTime Age Period Range String",
    "participantEffective": "DateTime Period Duration Timing",
    "performed": "DateTime Period String Age Range",
    "probability": "Decimal Range",
    "procedure": "CodeableConcept Reference",
    "product": "Reference CodeableConcept",
    "quantity": "Quantity Ratio Range",
    "rate": "Ratio Range Quantity",
    "reported": "Boolean Reference",
    "scheduled": "Timing Period String",
    "seriesDoses": "PositiveInt String",
    "serviced": "Date Period",
    "start": "Date CodeableConcept",
    "statusReason": "CodeableConcept Reference",
    "studyEffective": "DateTime Period Duration Timing",
    "substance": "CodeableConcept Reference",
    "target": "Identifier Reference Uri Canonical",
    "time": "DateTime Period",
    "timing": "Timing DateTime Age Period Range Duration Date Reference",
    "used": "UnsignedInt String Money",
    "value": (
        "Quantity CodeableConcept String Boolean Integer Range Ratio SampledData Time DateTime Period "
        "Base64Binary Attachment Reference Code Coding Decimal Date Uri Money Duration Canonical Id "
        "Instant Markdown Oid PositiveInt UnsignedInt Url Uuid Address Age Annotation ContactPoint Count "
        "Distance HumanName Identifier Signature Timing ContactDetail Contributor DataRequirement "
        "Expression ParameterDefinition RelatedArtifact TriggerDefinition UsageContext Dosage Meta"
    ),
    "when": "Period Range",
}

#: Choice element to its spelled-out names and their types: ``value`` to ``valueQuantity`` to ``Quantity``.
CHOICES: Mapping[str, Mapping[str, str]] = {
    name: {f"{name}{kind}": kind for kind in kinds.split()} for name, kinds in _CHOICES.items()
}

#: Spelled-out name to its type, for paths that name it: ``valueQuantity`` to ``Quantity``.
TYPED: Mapping[str, str] = {name: kind for names in CHOICES.values() for name, kind in names.items()}

_STU3_TYPES = _words(
    """
    BodySite DataElement DeviceComponent EligibilityRequest EligibilityResponse ExpansionProfile
    ImagingManifest ProcedureRequest ProcessRequest ProcessResponse ReferralRequest Sequence
    ServiceDefinition
    """
)
_R5_TYPES = _words(
    """
    ActorDefinition AdministrableProductDefinition ArtifactAssessment BiologicallyDerivedProductDispense
    Citation ClinicalUseDefinition ConditionDefinition DeviceAssociation DeviceDispense DeviceUsage
    EncounterHistory EvidenceReport FormularyItem GenomicStudy ImagingSelection Ingredient InventoryItem
    InventoryReport ManufacturedItemDefinition MedicinalProductDefinition NutritionIntake
    NutritionProduct PackagedProductDefinition Permission RegulatedAuthorization RequestOrchestration
    Requirements SubscriptionStatus SubscriptionTopic SubstanceDefinition TestPlan Transport
    """
)
#: Type, element and, where the element exists in R4, its JSON type there: another one is the mark.
_STU3_MARKS: Mapping[str, Mapping[str, type | None]] = {
    "AllergyIntolerance": {"clinicalStatus": dict, "verificationStatus": dict, "assertedDate": None},
    "Condition": {"clinicalStatus": dict, "verificationStatus": dict, "context": None, "assertedDate": None},
    "Immunization": {"notGiven": None, "explanation": None, "vaccinationProtocol": None, "date": None},
    "MedicationAdministration": {"notGiven": None, "reasonNotGiven": None, "prescription": None},
    "MedicationRequest": {"context": None, "definition": None},
    "MedicationStatement": {"taken": None, "reasonNotTaken": None},
    "Observation": {"context": None, "related": None, "comment": None},
    "Procedure": {"context": None, "notDone": None, "notDoneReason": None},
    "DiagnosticReport": {"context": None, "codedDiagnosis": None},
    "CarePlan": {"context": None, "definition": None},
}
_R5_MARKS: Mapping[str, Mapping[str, type | None]] = {
    "AllergyIntolerance": {"type": str},
    "Condition": {"participant": None},
    "DiagnosticReport": {"supportingInfo": None},
    "Encounter": {"class": dict, "actualPeriod": None, "plannedStartDate": None, "admission": None},
    "Immunization": {"administeredProduct": None, "basedOn": None},
    "MedicationAdministration": {"medication": None, "occurenceDateTime": None, "occurencePeriod": None},
    "MedicationDispense": {"medication": None},
    "MedicationRequest": {"medication": None},
    "MedicationStatement": {"medication": None, "adherence": None},
    "Observation": {"triggeredBy": None, "bodyStructure": None, "instantiatesCanonical": None},
    "Procedure": {"occurrenceDateTime": None, "occurrencePeriod": None, "recorded": None},
}


def other_release(resource: Mapping[str, Any]) -> str | None:
    """``STU3`` or ``R5`` where the resource shows it; None for R4, and where nothing tells."""
    kind = resource.get("resourceType")
    marked = _MARKED.get(kind)
    for name, expected, release in () if marked is None or marked.isdisjoint(resource) else _MARKS[kind]:
        value = resource.get(name)
        if value is not None and (expected is None or not isinstance(value, expected)):
            return release
    return _TYPES.get(kind)


_TYPES: Mapping[Any, str] = dict.fromkeys(_STU3_TYPES, "STU3") | dict.fromkeys(_R5_TYPES, "R5")
_MARKS: Mapping[Any, list[tuple[str, type | None, str]]] = {
    kind: [
        (name, expected, release)
        for release, marks in (("STU3", _STU3_MARKS), ("R5", _R5_MARKS))
        for name, expected in marks.get(kind, {}).items()
    ]
    for kind in _STU3_MARKS.keys() | _R5_MARKS.keys()
}
_MARKED = {kind: frozenset(name for name, *_ in marks) for kind, marks in _MARKS.items()}
