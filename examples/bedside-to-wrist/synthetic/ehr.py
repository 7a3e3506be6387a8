"""The EHR: a FHIR R4 Bundle a patient, with what nurses chart, what the practice sent, and the phone's export."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from synthetic.band import Reading, pulses, readings
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
        json.dumps({"resource": resource}, separators=(",", ":"), ensure_ascii=False)
        for resource in resources
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
    if patient.ward == "B":
        for hours in (6, 30):
            when = local(hours) + timedelta(minutes=rng.randrange(40))
            made.temperature(when, course.at(when).temperature)
    _export(world, made)
    _spoil(world, made)
    return made.resources


def _export(world: World, made: Chart) -> None:
    """What the phones of some patients send of their wristbands."""
    patient = made.patient
    if patient in world.parts["pressures-exported"]:
        made.device()
        for number, reading in enumerate(readings(world, patient)[4::5]):
            retyped = number == 2 and patient in world.parts["retyped"]
            made.exported_pressure(reading, 40 if retyped else 0)
            if retyped:
                what = "one of them is 40 mm[Hg] higher in the EHR"
                world.plant("X01", "ehr wristband", what, made.last)
    if patient in world.parts["pulses-exported"]:
        made.device()
        for when, rate in pulses(world, patient)[::2]:
            made.observe(_loinc("8867-4"), when, device=made.worn, valueQuantity=_quantity(rate, "/min"))


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
            "Observation",
            status="final",
            code=code,
            subject=self.subject,
            effectiveDateTime=_time(when),
            **elements,
        )

    @property
    def last(self) -> str:
        """The place of the last resource: file and record."""
        return f"bundle-{self.patient.number:02}.json:{len(self.resources)}"

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

    def pressure(
        self, when: datetime, systolic: float, diastolic: float, *, standing: bool = False
    ) -> Resource:
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

    def temperature(self, when: datetime, celsius: float) -> Resource:
        """What the ear thermometer of ward B sends: it is set to Fahrenheit, its interface to Celsius."""
        return self.observe(
            _loinc("8310-5", "Body temperature"),
            when,
            bodySite=_concept(SNOMED, "117590005", "Ear structure"),
            valueQuantity=_quantity(round(celsius * 9 / 5 + 32, 1), "Cel"),
        )

    def device(self) -> None:
        """The wristband, as the phone registers it."""
        band = self.patient.band
        assert band is not None
        self.add("Device", type={"text": "wristband"}, serialNumber=band.serial, patient=self.subject)

    @property
    def worn(self) -> Resource:
        """The reference to the wristband."""
        return {"reference": f"Device/d-{self.patient.number:02}-1"}

    def exported_pressure(self, reading: Reading, typo: int) -> None:
        """A mean of the wristband, as the phone sends it; once retyped by hand, with a digit wrong."""
        self.add(
            "Observation", status="final", subject=self.subject, device=self.worn,
            code=_loinc("96607-7", "Blood pressure panel mean systolic and mean diastolic"),
            effectivePeriod={"start": _time(reading.start), "end": _time(reading.end)},
            component=_components(("96608-5", "96609-3"), reading.systolic + typo, reading.diastolic),
        )  # fmt: skip


def _spoil(world: World, made: Chart) -> None:
    """Plant what goes wrong in single resources, in the charts of patients 2 to 7."""

    def plant(code: str, what: str, sources: str = "ehr", because: str | None = None) -> None:
        world.plant(code, sources, what, made.last, because=because)

    weight, height = _quantity(made.patient.weight, "kg"), _quantity(made.patient.height, "cm")
    match made.patient.number:
        case 2:
            made.observe(_loinc("29463-7"), datetime(1926, 3, 27, 7, 30), valueQuantity=weight)
            plant("T07", "a weight was measured in 1926, before the patient was born")
        case 3:
            wrong = made.pressure(local(7), 131, 83)
            wrong["component"][1]["code"] = _loinc("8867-4", "Heart rate")
            plant("U06", "a diastolic pressure is coded as heart rate")
            plant("H01", "that heart rate is not in /min", because="U06")
            for other in ("ward-monitor", "wristband"):
                plant(
                    "U05", "that heart rate is in mm[Hg], all others in /min", f"ehr {other}", because="U06"
                )
        case 4:
            made.observe(_concept(SNOMED, "8302-2"), local(8), valueQuantity=height)
            plant("C04", "a LOINC code stands under the URI of SNOMED CT")
        case 5:
            error = made.observe(_loinc("8302-2"), local(9), valueQuantity=_quantity(71, "cm"))
            error["status"] = "entered-in-error"
            plant("S01", "a height was entered in error")
        case 6:
            made.observe(_loinc("2710-2"), local(10), valueQuantity=_quantity(96, "%"))
            plant("N01", "LOINC 2710-2 was replaced by 59408-5")
        case 7:
            both = {"coding": [{"system": LOINC, "code": code} for code in ("8867-4", "9279-1")]}
            made.observe(both, local(10), valueQuantity=_quantity(64, "/min"))
            plant("C06", "one value is coded as heart rate and as respiratory rate")


def _plant(world: World) -> None:
    """Note what lies between the EHR and the devices."""

    def files(part: str) -> list[str]:
        return [f"bundle-{patient.number:02}.json" for patient in world.parts[part]]

    world.plant(
        "D02",
        "ehr wristband",
        "readings of the wristband are in the EHR as well",
        *files("pressures-exported"),
    )
    world.plant(
        "F04", "ehr ward-monitor", "blood pressures standing (8460-8) and lying in bed", *files("stood-up")
    )
    world.plant("U07", "ehr", "the ear thermometer of ward B sends degrees Fahrenheit labelled Cel")
    for code in ("V01", "H01"):
        world.plant(code, "ehr", "body temperatures above 46 Cel", because="U07")


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
