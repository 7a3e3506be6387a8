"""The EHR: a FHIR R4 Bundle a patient, with what nurses chart, what the practice sent, and the phone's export."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from synthetic.band import Reading, readings
from synthetic.people import MRN, NATIONAL, OFFSET, Patient, World, local

LOINC, UCUM = "http://loinc.org", "http://unitsofmeasure.org"
SNOMED = "http://snomed.info/sct"
SMOKING = {
    "449868002": "Current every day smoker",
    "8517006": "Former smoker",
    "266919005": "Never smoker",
}
Resource = dict[str, Any]


def write(world: World, folder: Path) -> None:
    """Write ``bundle-NN.json`` for every patient."""
    folder.mkdir(parents=True, exist_ok=True)
    _plant(world)
    for patient in world.patients:
        path = folder / f"bundle-{patient.number:02}.json"
        path.write_text(_bundle(_resources(world, patient)), encoding="utf-8", newline="\n")


def _bundle(resources: list[Resource]) -> str:
    entries = ",\n ".join(
        json.dumps({"resource": resource}, separators=(",", ":"), ensure_ascii=False) for resource in resources
    )
    return f'{{"resourceType":"Bundle","type":"collection","entry":[\n {entries}\n]}}\n'


def _resources(world: World, patient: Patient) -> list[Resource]:
    made = Chart(patient)
    rng, course = world.rng(f"ehr/{patient.mrn}"), world.course(patient)
    made.background()
    for hours in (1.2, 33.5):
        when = local(hours) + timedelta(minutes=rng.randrange(40))
        true = course.at(when)
        made.pressure(when, true.systolic + rng.gauss(0, 2.5), true.diastolic + rng.gauss(0, 2))
    for hours in (4, 28):
        when = local(hours) + timedelta(minutes=rng.randrange(30))
        glucose = 151 if patient.diabetic else 96
        made.glucose(when, glucose + rng.gauss(0, 9))
    if patient in world.parts["stood-up"]:
        when = local(26) + timedelta(minutes=rng.randrange(30))
        true = course.at(when)
        made.pressure(when, true.systolic - 9, true.diastolic + 2, standing=True)
    if patient.band is not None and patient in world.parts["exported"]:
        made.device(patient.band.serial)
        taken = readings(world, patient)[4::5]
        for number, reading in enumerate(taken):
            retyped = number == 2 and patient in world.parts["retyped"]
            made.exported(reading, 40 if retyped else 0)
    _spoil(world, made)
    return made.resources


class Chart:
    """The resources of one patient; ids count up by type."""

    def __init__(self, patient: Patient) -> None:
        self.patient, self.resources = patient, list[Resource]()

    def add(self, kind: str, **elements: Any) -> Resource:
        """Add a resource."""
        number = 1 + sum(resource["resourceType"] == kind for resource in self.resources)
        stem = "".join(char for char in kind if char.isupper()).lower()
        found = {"resourceType": kind, "id": f"{stem}-{self.patient.number:02}-{number}", **elements}
        self.resources.append(found)
        return found

    def observe(self, code: Resource, when: datetime, **elements: Any) -> Resource:
        """Add an observation."""
        return self.add(
            "Observation", status="final", code=code, subject=self.subject, effectiveDateTime=_time(when), **elements
        )

    @property
    def subject(self) -> Resource:
        """The reference to the patient."""
        return {"reference": f"Patient/p-{self.patient.number:02}-1"}

    def background(self) -> None:
        """Who, where, with what: patient, encounter, diagnoses, medication, and what is asked once."""
        patient, arrived = self.patient, local(0.2)
        self.add(
            "Patient",
            identifier=[
                {"type": _concept("http://terminology.hl7.org/CodeSystem/v2-0203", "MR"),
                 "system": f"urn:oid:{MRN}", "value": patient.mrn},
                {"system": f"urn:oid:{NATIONAL}", "value": patient.national},
            ],
            name=[{"family": "Muster", "given": [f"{patient.number:02}"]}],
            gender=patient.sex,
            birthDate=patient.born.isoformat(),
        )  # fmt: skip
        act_code = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
        self.add(
            "Encounter", status="in-progress", subject=self.subject,
            period={"start": _time(arrived)}, **{"class": {"system": act_code, "code": "IMP"}},
        )  # fmt: skip
        self._condition("I10", "Essential (primary) hypertension")
        if patient.diabetic:
            self._condition("E11.9", "Type 2 diabetes mellitus without complications")
        self.add(
            "MedicationRequest", status="active", intent="order", subject=self.subject, authoredOn=_time(arrived),
            medicationCodeableConcept=_concept(
                "http://www.nlm.nih.gov/research/umls/rxnorm", "314076", "lisinopril 10 MG Oral Tablet"
            ),
        )  # fmt: skip
        self.observe(_loinc("29463-7", "Body weight"), arrived, valueQuantity=_quantity(patient.weight, "kg"))
        self.observe(_loinc("8302-2", "Body height"), arrived, valueQuantity=_quantity(patient.height, "cm"))
        smoking = _concept(SNOMED, patient.smoking, SMOKING[patient.smoking])
        self.observe(_loinc("72166-2", "Tobacco smoking status"), arrived, valueCodeableConcept=smoking)
        share = 7.1 if patient.diabetic else 5.4
        self.observe(
            _loinc("17855-8", "Hemoglobin A1c/Hemoglobin.total in Blood by calculation"),
            arrived - timedelta(days=20),
            valueQuantity=_quantity(share, "%"),
        )

    def _condition(self, code: str, display: str) -> None:
        system = "http://terminology.hl7.org/CodeSystem/condition-"
        self.add(
            "Condition", clinicalStatus=_concept(f"{system}clinical", "active"),
            verificationStatus=_concept(f"{system}ver-status", "confirmed"), subject=self.subject,
            code=_concept("http://hl7.org/fhir/sid/icd-10", code, display),
        )  # fmt: skip

    def pressure(self, when: datetime, systolic: float, diastolic: float, *, standing: bool = False) -> Resource:
        """What a nurse measures with cuff and stethoscope."""
        codes = ("8460-8", "8454-1") if standing else ("8480-6", "8462-4")
        return self.observe(
            _loinc("85354-9"),
            when,
            bodySite=_concept(SNOMED, "40983000", "Upper arm structure"),
            method={"text": "auscultation"},
            component=_components(codes, round(systolic), round(diastolic)),
        )

    def glucose(self, when: datetime, value: float) -> Resource:
        """A finger prick at the bedside."""
        return self.observe(
            _loinc("41653-7", "Glucose [Mass/volume] in Capillary blood by Glucometer"),
            when,
            valueQuantity=_quantity(round(value), "mg/dL"),
        )

    def device(self, serial: str) -> None:
        """The wristband, as the phone registers it."""
        self.add("Device", type={"text": "wristband"}, serialNumber=serial, patient=self.subject)

    def exported(self, reading: Reading, typo: int) -> Resource:
        """A reading of the wristband, as the phone sends it; once retyped by hand, with a digit wrong."""
        device = next(resource for resource in self.resources if resource["resourceType"] == "Device")
        found = self.add(
            "Observation", status="final", code=_loinc("85354-9"), subject=self.subject,
            effectivePeriod={"start": _time(reading.start), "end": _time(reading.end)},
            device={"reference": f"Device/{device['id']}"},
            component=_components(("8480-6", "8462-4"), reading.systolic + typo, reading.diastolic),
        )  # fmt: skip
        return found


def _spoil(world: World, made: Chart) -> None:
    """Plant what goes wrong in single resources, in the charts of patients 2 to 5."""
    number, file = made.patient.number, f"bundle-{made.patient.number:02}.json"
    if number == 2:
        when = datetime(1926, 3, 27, 7, 30)
        late = made.observe(_loinc("29463-7"), when, valueQuantity=_quantity(made.patient.weight, "kg"))
        world.plant("T07", "ehr", "a weight was measured in 1926, before the patient was born", f"{file}:{late['id']}")
    elif number == 3:
        wrong = made.pressure(local(7), 131, 83)
        wrong["component"][1]["code"] = _loinc("8867-4", "Heart rate")
        world.plant("U06", "ehr", "a diastolic pressure is coded as heart rate", f"{file}:{wrong['id']}")
        world.plant(
            "U05", "ehr ward-monitor", "that heart rate is in mm[Hg], all others in /min",
            f"{file}:{wrong['id']}", because="U06",
        )  # fmt: skip
        world.plant("H01", "ehr", "that heart rate is not in /min", f"{file}:{wrong['id']}", because="U06")
    elif number == 4:
        height = made.observe(
            {"coding": [{"system": "https://loinc.org", "code": "8302-2"}]},
            local(8),
            valueQuantity=_quantity(made.patient.height, "cm"),
        )
        world.plant("C04", "ehr", "LOINC is called https://loinc.org", f"{file}:{height['id']}")
    elif number == 5:
        error = made.observe(_loinc("8302-2"), local(9), valueQuantity=_quantity(71, "cm"))
        error["status"] = "entered-in-error"
        world.plant("S01", "ehr", "a height was entered in error", f"{file}:{error['id']}")


def _plant(world: World) -> None:
    """Note what lies between the EHR and the devices."""
    exported = [patient for patient in world.parts["exported"] if patient.band and patient.band.clock == "right"]
    files = [f"bundle-{patient.number:02}.json" for patient in exported]
    world.plant("D02", "ehr wristband", "readings of the wristband are in the EHR as well", *files)
    retyped = [f"bundle-{patient.number:02}.json" for patient in world.parts["retyped"]]
    world.plant("X01", "ehr wristband", "one of them is 40 mm[Hg] higher in the EHR", *retyped)
    stood = [f"bundle-{patient.number:02}.json" for patient in world.parts["stood-up"]]
    world.plant("F04", "ehr ward-monitor", "blood pressures standing (8460-8) and lying in bed", *stood)


def _components(codes: tuple[str, str], systolic: int, diastolic: int) -> list[Resource]:
    return [
        {"code": _loinc(code), "valueQuantity": _quantity(value, "mm[Hg]")}
        for code, value in zip(codes, (systolic, diastolic), strict=True)
    ]


def _concept(system: str, code: str, display: str | None = None) -> Resource:
    coding = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"coding": [coding]}


def _loinc(code: str, display: str | None = None) -> Resource:
    return _concept(LOINC, code, display)


def _quantity(value: float, unit: str) -> Resource:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def _time(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%S}{OFFSET}"
