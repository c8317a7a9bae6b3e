"""Values of the synthetic records: codes, descriptions, and dirty values as real records have them.

What belongs here: lists of values. Dirty values (text that breaks naive readers, codes outside the dictionary, a
literal "no data") are there on purpose.
"""

from __future__ import annotations

# Quotes, line breaks, control characters (NUL too), nothing at all, text beyond the basic plane, a separator of CSV,
# something that looks like a formula, a literal "no data", and a very long text (Elasticsearch takes keywords up to
# 32,766 bytes).
DIRTY_TEXTS = (
    'CT "LOW DOSE" CHEST',
    "THORAX: FACE + PROFIL \u2013 « debout »",
    "line one\nline two\r\nline three\ttabbed",
    "control \x00\x01\x1f characters \x7f",
    "",
    "胸部X線検査 🫁",
    "back\\slash / 'single', \"double\"; semicolon",
    "=SUM(A1:A9)",
    "no data",
    "None",
    "  leading and trailing  ",
    "\u202eright-to-left\u202c",
    "VERY LONG " + "study description " * 600,
)

# Enough of them that none has more series than the rarest of the published descriptions.
XR_DESCRIPTIONS = (
    "XR CHEST 1 VIEW AP",
    "XR CHEST 2 VIEWS",
    "CHEST PA AND LATERAL",
    "XR ABDOMEN 1 VIEW",
    "XR RIBS",
    "CHEST SINGLE VIEW PORTABLE",
    "XR CHEST PORTABLE ICU",
    "DX CHEST 2V",
    "KUB",
    "XR SPINE THORACIC",
)
CT_DESCRIPTIONS = tuple(
    f"{base}{suffix}"
    for base in (
        "CT CHEST",
        "CT CHEST ABDOMEN PELVIS",
        "CT ANGIO CHEST",
        "CT HEAD",
        "CT ABDOMEN PELVIS",
        "CT NECK CHEST",
    )
    for suffix in (" - INITIAL", " - FOLLOW UP", " (LOW DOSE)", " W/WO CONTRAST", " OUTSIDE READ")
)
MR_DESCRIPTIONS = ("MRI BRAIN WO CONTRAST", "MRI CERVICAL SPINE", "MR CARDIAC", "MRI KNEE")

# (code, long common name, method, system, contrast) of LOINC, by the first modality of a study.
LOINC = {
    "XR": (
        ("36554-4", "XR Chest Single view", "XR", "Chest", None),
        ("36643-5", "XR Chest 2 Views", "XR", "Chest", None),
        ("30745-4", "XR Chest Views", "XR", "Chest", None),
    ),
    "CT": (
        ("24627-2", "CT Chest", "CT", "Chest", None),
        ("24628-0", "CT Chest W contrast IV", "CT", "Chest", "W"),
        ("29252-4", "CT Chest WO contrast", "CT", "Chest", "WO"),
        ("79077-4", "CT Chest Pulmonary arteries for pulmonary embolus W contrast IV", "CT.angio", "Chest", "W"),
    ),
    "MR": (
        ("24590-2", "MR Brain", "MR", "Head", None),
        ("24935-9", "MR Cervical spine", "MR", "Neck", None),
    ),
}

MANUFACTURERS = (
    ("SIEMENS", "SOMATOM Definition AS+"),
    ("Siemens Healthineers", "Mobilett Elara Max"),
    ("GE MEDICAL SYSTEMS", "Revolution CT"),
    ("GE Healthcare", "Optima XR220"),
    ("Philips Medical Systems", "DigitalDiagnost"),
    ("Canon Inc.", "CXDI Control Software NE"),
    ("FUJIFILM Corporation", "0000"),
    ("Carestream Health", "DRX-Revolution"),
    ("KONICA MINOLTA", "0862"),
    ("TOSHIBA", "Aquilion ONE"),
)

SERIES_DESCRIPTIONS = ("AP", "PA", "LATERAL", "AXIAL 1.25", "LUNG 1.0 B70f", "CORONAL MPR", "SCOUT", "T1 SAG", "T2 AX")
KERNELS = ("B70f", "LUNG", "STANDARD", "FC51", "BONEPLUS")

CONDITIONS = (
    ("E11.9", "ICD-10-CM", "Type 2 diabetes mellitus without complications"),
    ("I10", "ICD-10-CM", "Essential (primary) hypertension"),
    ("J44.9", "ICD-10-CM", "Chronic obstructive pulmonary disease, unspecified"),
    ("U07.1", "ICD-10-CM", "COVID-19"),
    ("233604007", "SNOMED CT", "Pneumonia"),
    ("XX-LOCAL", "institution's own", 'Condition "as told"; see note'),
)
MEDICATIONS = (
    ("CVX 208", "CVX", "Pfizer", "COVID-19 vaccine, mRNA", "Vaccine"),
    ("CVX 207", "CVX", "Moderna", "COVID-19 vaccine, mRNA", "Vaccine"),
    ("2284718", "RxNorm", None, "remdesivir", "Therapeutic"),
)
PROCEDURES = (
    ("Mechanical ventilation", "Invasive mechanical ventilation"),
    ("Supplemental oxygen", "High flow nasal cannula"),
    ("Dialysis", None),
)
TEST_METHODS = ("RT-PCR", "Rapid antigen test", "Not Reported", "PCR (other)")
TEST_RESULTS = ("Negative", "Positive", "Indeterminate", "Not Reported")
INDEX_EVENTS = ("COVID-19 Test", "Study Enrollment", "First Imaging Study", "Long COVID Diagnosis", "Unspecified event")
CONTRAST_AGENTS = ("OMNIPAQUE 350", "ISOVUE 370", "Visipaque™ 320", "IV")

# (long name, data host, disease, site, licence) of the repositories that the hub federates.
REPOSITORIES = {
    "MIDRC": ("Medical Imaging and Data Resource Center", "MIDRC", "COVID-19", "Chest"),
    "IDC": ("NCI Imaging Data Commons", "IDC", "Cancer", None),
    "Stanford AIMI": ("Stanford Center for Artificial Intelligence in Medicine and Imaging", "AIMI", None, "Chest"),
    "OpenNeuro": ("OpenNeuro", "OpenNeuro", None, "Brain"),
    "NIHCC": ("NIH Clinical Center", "NIHCC", None, "Chest"),
    "TCIA": ("The Cancer Imaging Archive", "TCIA", "Cancer", None),
    "ACRdart": ("ACR Data Archive and Research Toolkit", "ACRdart", "Cancer", None),
}
