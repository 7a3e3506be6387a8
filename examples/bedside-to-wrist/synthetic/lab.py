"""The laboratory: one feed of HL7 v2.5.1 messages (ORU^R01), two groups a sample: chemistry and blood count.

Tests have local codes; the reference intervals are those of this laboratory, which does not exist.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from synthetic.people import MRN, NATIONAL, Patient, World, local


@dataclass(frozen=True, slots=True)
class Result:
    """One OBX: the code as sent, value, unit, reference interval, status (table 0085)."""

    code: str
    value: str
    unit: str
    low: float
    high: float
    status: str = "F"

    def segment(self, number: int, when: str) -> str:
        """The OBX, with the flag that its own interval says."""
        flag = "L" if float(self.value) < self.low else "H" if float(self.value) > self.high else "N"
        measured = f"{self.value}|{self.unit}|{self.low:g}-{self.high:g}|{flag}"
        return f"OBX|{number}|NM|{self.code}||{measured}|||{self.status}|||{when}"


#: A sample: patient, when it was taken, chemistry and blood count.
@dataclass(slots=True)
class Sample:
    """What one message reports."""

    patient: Patient
    taken: datetime
    chemistry: list[Result]
    blood: list[Result]
    specimen: str = "SER^Serum^99LAB"


def write(world: World, folder: Path) -> None:
    """Write ``feed.hl7``: three mornings of samples, in the order in which they were reported."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = [_sample(world, patient, day) for day in range(3) for patient in world.patients]
    samples.sort(key=lambda sample: sample.taken)
    _spoil(world, samples)
    other = {patient.mrn for patient in world.parts["other-sex"]}
    messages = [
        _message(number, sample, sample.patient.mrn in other) for number, sample in enumerate(samples, 1)
    ]
    _plant(world, [index for index, sample in enumerate(samples, 1) if sample.patient.mrn in other])
    (folder / "feed.hl7").write_text("\n".join(messages) + "\n", encoding="utf-8", newline="\n")


def _sample(world: World, patient: Patient, day: int) -> Sample:
    rng, own = world.rng(f"lab/{patient.mrn}/{day}"), world.rng(f"lab/{patient.mrn}")
    glucose = own.gauss(8.4 if patient.diabetic else 5.2, 0.7) + rng.gauss(0, 0.5)
    share = own.gauss(7.4 if patient.diabetic else 5.3, 0.4)
    creatinine = own.gauss(72 if patient.sex == "female" else 88, 12) + rng.gauss(0, 3)
    if day == 1:  # the second analyser reports mass concentrations
        sugar = Result("GLUM^Glucose (analyser 2)^99LAB", f"{glucose * 18.0156:.0f}", "mg/dL", 70, 101)
    else:
        sugar = Result("GLU^Glucose^99LAB", f"{glucose:.1f}", "mmol/L", 3.9, 5.6)
    chemistry = [
        sugar,
        Result("CREA^Creatinine^99LAB", f"{creatinine:.0f}", "µmol/L", 45, 104),
        Result("K^Potassium^99LAB", f"{own.gauss(4.2, 0.3) + rng.gauss(0, 0.1):.1f}", "mmol/L", 3.5, 5.1),
        Result(
            "NA^Sodium^99LAB^2951-2^Sodium^LN",
            f"{own.gauss(140, 2) + rng.gauss(0, 1):.0f}",
            "mmol/L",
            136,
            145,
        ),
    ]
    blood = [Result("HB^Haemoglobin^99LAB", f"{own.gauss(139, 11) + rng.gauss(0, 2):.0f}", "g/L", 120, 170)]
    if day == 0:
        blood += [
            Result("HBA1C^HbA1c (HPLC)^99LAB", f"{share:.1f}", "%", 4.0, 5.6),
            Result("HBA1CI^HbA1c (IFCC)^99LAB", f"{10.93 * share - 23.5:.0f}", "mmol/mol", 20, 38),
        ]
    hours = (1.5, 22, 46)[day] + rng.uniform(0, 0.7)
    return Sample(patient, local(hours), chemistry, blood)


def _message(number: int, sample: Sample, other_sex: bool) -> str:
    patient, taken = sample.patient, f"{sample.taken:%Y%m%d%H%M}"
    sent = sample.taken + timedelta(minutes=50)
    sex = patient.sex[0].upper()
    if other_sex:
        sex = "M" if sex == "F" else "F"
    identifiers = f"{patient.mrn}^^^HOSP&{MRN}&ISO^MR~{patient.national}^^^NAT&{NATIONAL}&ISO^NI"
    order = f"S{number:05}"
    lines = [
        rf"MSH|^~\&|LAB|HOSP|TWIN|HOSP|{sent:%Y%m%d%H%M%S}||ORU^R01^ORU_R01|M{number:05}|P|2.5.1||||||UNICODE UTF-8",
        f"PID|1||{identifiers}||Muster^{patient.number:02}||{patient.born:%Y%m%d}|{sex}",
        f"PV1|1|I|WARD {patient.ward}",
        *_group(1, order, "CHEM^Chemistry^99LAB", taken, sample.chemistry, sample.specimen),
        *_group(2, order, "HEM^Blood count^99LAB", taken, sample.blood, "BLD^EDTA blood^99LAB"),
    ]
    return "\n".join(lines)


def _group(
    number: int, order: str, service: str, taken: str, results: Sequence[Result], specimen: str
) -> list[str]:
    return [
        f"OBR|{number}||{order}-{number}^LAB|{service}|||{taken}",
        *(result.segment(place, taken) for place, result in enumerate(results, 1)),
        f"SPM|1|||{specimen}",
    ]


def _plant(world: World, other_sex: Sequence[int]) -> None:
    """Note what is the same all over the feed, and who is of another sex in it."""
    world.plant("U01", "laboratory", "creatinine is in µmol/L, which is not UCUM", "feed.hl7")
    world.plant("U04", "ehr laboratory", "glucose is in mg/dL at the bedside and in mmol/L in the laboratory")
    world.plant(
        "U15", "ehr laboratory", "HbA1c is in % (NGSP) in the EHR and in mmol/mol (IFCC) in the laboratory"
    )
    world.plant("C09", "ehr laboratory", "HbA1c is calculated in the EHR and by HPLC in the laboratory")
    world.plant(
        "I02",
        "ehr laboratory",
        "PID-8 and Patient.gender of one patient differ",
        *(f"feed.hl7:{number}" for number in other_sex),
    )
    world.plant("H01", "ehr", "a patient record has two sexes", because="I02")
    world.plant("H01", "laboratory", "a creatinine has no unit", because="U02")


def _spoil(world: World, samples: list[Sample]) -> None:
    """Plant what goes wrong in single messages; each in a sample of its own."""
    rng = world.rng("lab/spoil")
    linked = [s for s in samples if s.patient not in world.parts["other-sex"]]
    first = [s for s in linked if s.taken < local(12)]
    rng.shuffle(first)

    def change(finding: str, what: str, sample: Sample, position: int, **new: object) -> None:
        sample.chemistry[position] = replace(sample.chemistry[position], **new)  # type: ignore[arg-type]
        world.plant(finding, "laboratory", what, f"feed.hl7:{samples.index(sample) + 1}")

    change("U02", "a creatinine has no unit", first[0], 1, unit="")
    change("C03", "2345-6 has a wrong check digit: glucose is 2345-7", first[1], 0,
           code="2345-6^Glucose^LN", value="97", unit="mg/dL", low=70, high=101)  # fmt: skip
    change("C13", "one OBX-3 says glucose by its local and potassium by its LOINC code", first[2], 0,
           code="GLU^Glucose^99LAB^2823-3^Potassium^LN")  # fmt: skip
    change("S01", "a glucose was withdrawn (OBX-11 is W)", first[3], 0, status="W", value="31.0")
    change("F06", "a serum creatinine whose specimen is urine", first[4], 1,
           code="2160-0^Creatinine^LN", value="0.9", unit="mg/dL", low=0.5, high=1.2)  # fmt: skip
    _more(world, samples, first[4:])


def _more(world: World, samples: list[Sample], free: list[Sample]) -> None:
    urine, local_code, citrate, mended, coarse = free[:5]
    urine.chemistry = [urine.chemistry[1]]
    urine.specimen = "UR^Urine^99LAB"
    local_code.chemistry.append(Result("LAC^Lactate^99LAB", "1.2", "mmol/L", 0.5, 2.2))
    citrate.specimen = "CIT^Citrate plasma^99LAB"
    coarse.chemistry[0] = replace(coarse.chemistry[0], code="GLUX^Glucose (any blood)^99LAB")
    mended.chemistry[2] = replace(mended.chemistry[2], status="C")  # a correction, as it should be
    for code, what, sample in (
        ("C01", "the local code LAC is not in the code map", local_code),
        ("E01", "the specimen CIT is not in the map of specimens", citrate),
        ("G01", "the local code GLUX is broader than what it is mapped to", coarse),
    ):
        world.plant(code, "laboratory", what, f"feed.hl7:{samples.index(sample) + 1}")
