"""The pages in a browser without a network: from a disk and over loopback, by keyboard, in light and dark.

Screenshots are kept in `.artifacts/site` of the checkout. Without Chromium there is nothing to test with.
"""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

import duckdb
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Request, sync_playwright

from tests.site.planted_home import HOSTILE
from tests.support.published_releases import NEWER, published_releases, snapshot_of
from warehouse.site.serving import ADDRESS, server
from warehouse.site.wording import number
from warehouse.snapshots.catalog import Snapshot
from warehouse.snapshots.databases import database_of

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
SCREENSHOTS = Path(__file__).resolve().parents[2] / ".artifacts" / "site"
PAGES = ("index", "explore", "gaps", "quality", "changes", "measures", "dictionary", "cite")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)

pytestmark = [
    pytest.mark.full,
    pytest.mark.skipif(CHROMIUM is None, reason="There is no Chromium here: `apt-get install chromium` brings one."),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield running
        running.close()


@pytest.fixture(scope="module", params=["from a disk", "over loopback"])
def root(request: pytest.FixtureRequest, snapshot: Snapshot) -> Iterator[str]:
    """The address of the folder of the pages."""
    folder = snapshot.site.parent
    if request.param == "from a disk":
        yield folder.as_uri()
        return
    with server(folder, 0) as serving:
        threading.Thread(target=serving.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://{ADDRESS}:{serving.server_port}"
        serving.shutdown()


@dataclass
class Visit:
    """A tab, what its pages complained of, and what they asked for besides themselves."""

    page: Page
    root: str
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", self._note)

    def _note(self, request: Request) -> None:
        if not request.is_navigation_request():
            self.requests.append(request.url)

    def to(self, name: str, fragment: str = "") -> Page:
        # The same page with another fragment would not be loaded again.
        self.page.goto("about:blank")
        self.page.goto(f"{self.root}/{name}.html{fragment}")
        return self.page

    def was_quiet(self) -> bool:
        assert self.complaints == []
        assert self.requests == []
        return True


@pytest.fixture
def visit(browser: Browser, root: str) -> Iterator[Visit]:
    context = _context(browser, root)
    yield Visit(context.new_page(), root)
    context.close()


def _context(browser: Browser, root: str, **more: object) -> BrowserContext:
    context = browser.new_context(**more)  # type: ignore[arg-type]
    context.route(lambda address: not address.startswith((root, "about:", "data:")), lambda route: route.abort())
    return context


def counted(snapshot: Snapshot, sql: str, *values: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(database_of(snapshot)), read_only=True) as connection:
        return connection.execute(sql, list(values)).fetchall()


def test_every_page_opens_quietly_and_leads_to_the_others(visit: Visit) -> None:
    visit.to("index")
    for title in ("Explore", "Gaps", "Quality", "Changes", "Measures", "Dictionary", "Cite", "Overview"):
        visit.page.get_by_role("navigation").get_by_role("link", name=title).click()
        assert visit.page.title().startswith(f"{title} - ")
        for summary in visit.page.locator("summary").all()[:12]:
            summary.click()
    assert visit.was_quiet()


def test_numbers_on_the_charts_are_those_of_the_tables(visit: Visit, snapshot: Snapshot) -> None:
    page = visit.to("index")
    expected = {
        "platforms": counted(
            snapshot,
            "select count(*), count(distinct study_key), count(distinct patient_key) from fct_series",
        ),
        "modalities": counted(snapshot, "select count(*) from fct_series group by modality"),
        "body-parts": counted(snapshot, "select count(*) from fct_series group by body_part_id"),
        "licences": counted(snapshot, "select count(*) from fct_series group by license_id"),
        "growth": counted(
            snapshot,
            "select sum(series_count)::bigint, sum(patient_count)::bigint from rpt_growth "
            "group by idc_version order by idc_version desc limit 1",
        ),
    }
    shown = 0
    for chart, rows in expected.items():
        texts = page.locator(f"#{chart} svg text").all_text_contents()
        for value in (value for row in rows for value in row):
            assert number(value) in texts, (chart, value)  # type: ignore[arg-type]
            shown += 1
    assert shown >= 12
    assert visit.was_quiet()


def _chosen(page: Page) -> list[str]:
    """Return the counts of the choice itself, the first table, as they came from SQL."""
    cells = page.locator("#results section").first.locator("tbody tr").first.locator("td[data-value]")
    return [str(cell.get_attribute("data-value")) for cell in cells.all()]


COUNTS = (
    "select count(*), count(distinct s.study_key), count(distinct s.patient_key), sum(s.size_bytes)::bigint "
    "from fct_series as s join bridge_series_collection as b on s.series_key = b.series_key "
    "join dim_collection as c on b.collection_key = c.collection_key where true"
)


def test_filters_show_the_counts_of_the_choice_and_the_address_keeps_it(visit: Visit, snapshot: Snapshot) -> None:
    page = visit.to("explore")
    assert _chosen(page) == [str(value) for value in counted(snapshot, COUNTS)[0]]
    page.get_by_label("Platform", exact=True).select_option("idc")
    page.get_by_label("Collection", exact=True).select_option(HOSTILE)
    (row,) = counted(snapshot, f"{COUNTS} and c.collection_id = ?", HOSTILE)
    assert _chosen(page) == [str(value) for value in row]
    page.get_by_label("Modality", exact=True).select_option("MR")
    (row,) = counted(snapshot, f"{COUNTS} and c.collection_id = ? and s.modality = ?", HOSTILE, "MR")
    assert _chosen(page) == [str(value) for value in row]
    kept = page.url.partition("#")[2]
    assert parse_qs(kept) == {"platform": ["idc"], "collection": [HOSTILE], "modality": ["MR"]}
    assert page.title().startswith("Explore")  # what is planted has not run

    visit.to("explore", f"#{kept}")
    assert _chosen(page) == [str(value) for value in row]
    page.get_by_role("button", name="Clear").click()
    assert "#" not in page.url
    page.get_by_label("Release of IDC", exact=True).select_option("18")
    (row,) = counted(
        snapshot,
        "select sum(series_count)::bigint, sum(study_count)::bigint, sum(patient_count)::bigint, "
        "sum(size_bytes)::bigint from rpt_growth where idc_version = 18",
    )
    assert _chosen(page) == [str(value) for value in row]
    assert page.get_by_label("Modality", exact=True).is_disabled()
    assert visit.was_quiet()


@pytest.mark.network
def test_the_pages_of_a_real_release_can_be_read_and_have_the_numbers_of_its_tables(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert_pages_are_sound(browser, snapshot_of(published_releases(tmp_path_factory), NEWER))


def assert_pages_are_sound(browser: Browser, snapshot: Snapshot) -> None:
    """Open every page from a disk, look at it as a screen reader does, and choose by each filter."""
    root = snapshot.site.parent.as_uri()
    context = _context(browser, root)
    visit = Visit(context.new_page(), root)
    for name in PAGES:
        assert Axe().run(visit.to(name)).response["violations"] == [], name
    page = visit.to("explore")
    condition, values = "", ()
    for label, column, value in (
        ("Platform", "s.source_id", "idc"),
        ("Collection", "c.collection_id", "nlst"),
        ("Modality", "s.modality", "CT"),
    ):
        page.get_by_label(label, exact=True).select_option(value)
        condition, values = f"{condition} and {column} = ?", (*values, value)
        (row,) = counted(snapshot, COUNTS + condition, *values)
        assert _chosen(page) == [str(found) for found in row]
    assert visit.was_quiet()
    context.close()


def test_a_link_to_what_is_not_there_says_so(visit: Visit) -> None:
    page = visit.to("explore", "#platform=idc&collection=gone")
    assert "Not in this snapshot, or not to be combined: collection gone." in page.get_by_role("status").inner_text()
    assert visit.was_quiet()


def test_filters_and_search_work_by_keyboard(visit: Visit) -> None:
    page = visit.to("explore")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "platform"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.wait_for_url(lambda address: "collection=" in address)
    assert page.evaluate("document.activeElement.id") == "collection"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"

    page = visit.to("dictionary")
    page.get_by_role("searchbox").focus()
    page.keyboard.type("series version contradicted")
    assert page.locator("section.table:visible").count() == 1
    assert page.locator("#fct_series_version table").is_visible()
    assert visit.to("dictionary", "#dim_collection").locator("#dim_collection table").is_visible()
    assert visit.was_quiet()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_can_be_read_by_everybody(browser: Browser, root: str, scheme: str) -> None:
    context = _context(browser, root, color_scheme=scheme)
    visit = Visit(context.new_page(), root)
    for name in PAGES:
        page = visit.to(name)
        page.evaluate("document.querySelectorAll('details').forEach((one, i) => { one.open = i < 40 })")
        found = Axe().run(page).response["violations"]
        assert [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found] == [], name
    context.close()


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("desktop", {"viewport": {"width": 1280, "height": 900}}),
        ("dark", {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"}),
        ("phone", {"viewport": {"width": 390, "height": 844}, "is_mobile": True}),
    ],
)
def test_pages_fit_the_screen(browser: Browser, root: str, kind: str, settings: dict[str, object]) -> None:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    context = _context(browser, root, **settings)
    visit = Visit(context.new_page(), root)
    for name in PAGES:
        page = visit.to(name)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= settings["viewport"]["width"], name  # type: ignore[index]
        page.screenshot(path=SCREENSHOTS / f"{name}-{kind}.png")
    context.close()
