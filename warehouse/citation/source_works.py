"""The works that sources ask to cite. A source that is not here names none that this project knows of.

MIDRC and the hub name their datasets by DOI, which the tables hold; what MIDRC's data use agreement asks of
publications stands in the agreement.
"""

from __future__ import annotations

from warehouse.citation.model import Person, Work

# As the project page of idc-index-data (the package that carries the index) asks for it.
_IDC_PLATFORM = Work(
    key="fedorov2023idc",
    authors=(
        Person("Fedorov", "A."),
        Person("Longabaugh", "W. J. R."),
        Person("Pot", "D."),
        Person("Clunie", "D. A."),
        Person("Pieper", "S. D."),
        Person("Gibbs", "D. L."),
        Person("Bridge", "C."),
        Person("Herrmann", "M. D."),
        Person("Homeyer", "A."),
        Person("Lewis", "R."),
        Person("Aerts", "H. J. W."),
        Person("Krishnaswamy", "D."),
        Person("Thiriveedhi", "V. K."),
        Person("Ciausu", "C."),
        Person("Schacherer", "D. P."),
        Person("Bontempi", "D."),
        Person("Pihl", "T."),
        Person("Wagner", "U."),
        Person("Farahani", "K."),
        Person("Kim", "E."),
        Person("Kikinis", "R."),
    ),
    title=(
        "National Cancer Institute Imaging Data Commons: Toward Transparency, Reproducibility, and Scalability in "
        "Imaging Artificial Intelligence"
    ),
    journal="RadioGraphics",
    year=2023,
    doi="10.1148/rg.230180",
)

SOURCE_WORKS: dict[str, tuple[Work, ...]] = {"idc": (_IDC_PLATFORM,)}
"""By the name of the source in the registry."""
