# /// script
# requires-python = ">=3.11,<3.13"
# dependencies = [
#   "numpy<2", "scipy<1.14", "matplotlib", "scikit-image", "astropy", "shapely", "opexebo==0.7.2", "ratinabox==1.15.3",
# ]
# ///
"""Measures lattices of known period, orientation and ellipse with sicgrid and with public Python code, and writes the
tables of ../COMPARISON.md, each between its two marks, leaving the text around them as it is.

    python3 compare.py --sicgrid ../../../bin/sicgrid --grid-cells DIR --spatial-maps DIR

DIR is a checkout of google-deepmind/grid-cells or CINPLA/spatial-maps, which are imported from there; --opexebo and
--ratinabox take checkouts too, and without them the installed packages are used. Everything random has a fixed seed.
"""

import argparse
import csv
import datetime
import importlib
import importlib.metadata
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

for threads in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "GOMAXPROCS"):
    os.environ[threads] = "1"  # one core each, that times can be compared
import numpy as np

warnings.filterwarnings("ignore")
np.seterr(all="ignore")

NAN = float("nan")


# ---- lattices --------------------------------------------------------------------------------------------------------


@dataclass
class Unit:
    """A lattice: period in metres, orientation in degrees modulo 60, ratio of its ellipse's axes."""

    period: float = NAN
    orientation: float = NAN
    ellipse: float = 1.0


@dataclass
class Measured:
    """What one tool says of one unit; NaN where it says nothing."""

    period: float = NAN
    orientation: float = NAN
    ellipse: float = NAN
    score: float = NAN


@dataclass
class Case:
    """Maps [units, ny, nx] in a box [x, y] metres, row 0 the lowest y, and their truth."""

    name: str
    title: str
    box: tuple
    maps: np.ndarray
    units: list
    noisy: bool = False  # so that smoothing may help


def centres(shape, box):
    """The centres of the bins of a map [ny, nx], from the centre of the box."""
    ny, nx = shape
    x = (np.arange(nx) + 0.5) * box[0] / nx - box[0] / 2
    y = (np.arange(ny) + 0.5) * box[1] / ny - box[1] / 2
    return np.meshgrid(x, y)


def stretch(unit, rng):
    """The linear map that makes a circle the unit's ellipse of the same area, its long axis anywhere."""
    a = rng.uniform(0, np.pi)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    return turn @ np.diag([unit.ellipse**0.5, unit.ellipse**-0.5]) @ turn.T


def cosines(unit, shape, box, rng):
    """Three plane waves: |k| = 4 pi / (sqrt(3) period), 30 degrees beside the lattice's directions; rates in [0, 1]."""
    x, y = centres(shape, box)
    phase = rng.uniform(-1, 1, 2)
    u, v = np.einsum("ij,jyx->iyx", np.linalg.inv(stretch(unit, rng)), np.stack([x - phase[0], y - phase[1]]))
    k = 4 * np.pi / (3**0.5 * unit.period)
    waves = 0
    for turn in (30, 90, 150):
        a = np.radians(unit.orientation + turn)
        waves = waves + np.cos(k * (u * np.cos(a) + v * np.sin(a)))
    return (waves + 1.5) / 4.5


def fields(unit, shape, box, rng, width=0.12, uneven=0.0):
    """Normal fields, width periods wide, on the points of the lattice, of heights 1 + uneven * [-1, 1]."""
    x, y = centres(shape, box)
    phase, a = rng.uniform(0, 1, 2), np.radians(unit.orientation)
    first = unit.period * np.array([np.cos(a), np.sin(a)])
    second = unit.period * np.array([np.cos(a + np.pi / 3), np.sin(a + np.pi / 3)])
    rate, reach = np.zeros(shape), int(2 * max(box) / unit.period) + 2
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            at = (i + phase[0]) * first + (j + phase[1]) * second
            if np.all(np.abs(at) < np.array(box) / 2 + unit.period):
                height = 1 + uneven * rng.uniform(-1, 1)
                rate += height * np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / (2 * (width * unit.period) ** 2))
    return rate


def lattices(n, shortest, longest, rng, ellipse=1.0):
    return [Unit(np.exp(rng.uniform(np.log(shortest), np.log(longest))), rng.uniform(0, 60), ellipse) for _ in range(n)]


def cases(n):
    """The maps of known truth."""
    made = []

    def case(name, title, box, shape, shortest, longest, rate=cosines, noise=0.0, ellipse=1.0, disc=False, **options):
        rng = np.random.default_rng(len(made) + 1)
        units = lattices(n, shortest, longest, rng, ellipse)
        maps = np.stack([rate(u, shape, box, rng, **options) for u in units])
        maps = maps + noise * rng.standard_normal(maps.shape)
        if disc:
            x, y = centres(shape, box)
            maps[:, np.hypot(x, y) > box[0] / 2] = NAN
        made.append(Case(name, title, box, maps, units, noise > 0))

    square, bins = (1.5, 1.5), (48, 48)
    case("ideal", "Three cosines, 48 x 48 bins in 1.5 x 1.5 m, periods of 0.3 to 0.9 m", square, bins, 0.3, 0.9)
    case("sharp", "Normal fields of 0.12 periods", square, bins, 0.3, 0.9, rate=fields)
    case("uneven", "The same, of heights between 0.4 and 1.6", square, bins, 0.3, 0.9, rate=fields, uneven=0.6)
    case("noisy", "Three cosines with noise of a tenth of the peak in every bin", square, bins, 0.3, 0.9, noise=0.1)
    case("large", "Periods of 0.8 to 0.9 of the box", square, bins, 1.2, 1.35)
    case("large-noisy", "The same with noise of a tenth of the peak", square, bins, 1.2, 1.35, noise=0.1)
    case("coarse", "20 x 20 bins in 2.2 x 2.2 m, 3.2 to 5.5 bins a period", (2.2, 2.2), (20, 20), 0.35, 0.6)
    case("oblong-bins", "60 x 40 bins in 1.5 x 1.5 m", square, (40, 60), 0.3, 0.9)
    case("oblong-box", "60 x 40 bins in 1.5 x 1 m", (1.5, 1.0), (40, 60), 0.3, 0.6)
    case("circular", "A disc of 1.5 m, 48 bins across, nothing visited outside", square, bins, 0.3, 0.9, disc=True)
    case("elliptic", "Lattices stretched to an ellipse of 1.15", square, bins, 0.3, 0.8, ellipse=1.15)
    made.append(no_lattice(n, square, bins))
    return made


def no_lattice(n, box, shape):
    """Smooth maps without a lattice: noise whose correlation falls to exp(-1/2) in 0.1 m."""
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(99)
    width = 0.1 / 2**0.5 / (box[0] / shape[1])
    maps = np.stack([gaussian_filter(rng.standard_normal((3 * shape[0], 3 * shape[1])), width) for _ in range(n)])
    maps = maps[:, shape[0] : 2 * shape[0], shape[1] : 2 * shape[1]]
    maps = maps - maps.min(axis=(1, 2), keepdims=True)
    return Case("no-lattice", "Smooth noise, no lattice", box, maps, [Unit() for _ in range(n)])


# ---- recordings ------------------------------------------------------------------------------------------------------


@dataclass
class Recording:
    """A walk in a box of 1 x 1 m, lower left corner at 0: times in s, positions [samples, 2] in m, spikes [units][...]."""

    times: np.ndarray
    positions: np.ndarray
    spikes: list
    units: list


def record(minutes, n, ratinabox):
    """A rat of RatInABox and Poisson spikes of its grid cells, of peaks of 10/s.

    RatInABox's gridscale g is the wavelength of its plane waves: its fields lie 2 g / sqrt(3) apart, 30 degrees beside
    its orientation."""
    np.random.seed(7)
    rat = ratinabox.Agent(ratinabox.Environment(), params={"dt": 0.02})
    for _ in range(int(minutes * 60 / 0.02)):
        rat.update()
    times, positions = np.array(rat.history["t"]), np.array(rat.history["pos"])
    rng = np.random.default_rng(8)
    scales, turns = rng.uniform(0.22, 0.45, n), rng.uniform(0, np.pi / 3, n)
    cells = ratinabox.GridCells(rat, params={"gridscale": scales, "orientation": turns, "phase_offset": rng.uniform(0, 2 * np.pi, (n, 2)), "max_fr": 10})
    rates = cells.get_state(evaluate_at=None, pos=positions)
    spikes = [np.sort(np.repeat(times, c) + 0.02 * rng.random(c.sum())) for c in rng.poisson(0.02 * rates)]
    units = [Unit(2 / 3**0.5 * g, (np.degrees(t) + 30) % 60) for g, t in zip(scales, turns)]
    return Recording(times, positions, spikes, units)


def lose_frames(r):
    """The same recording with 40 % of the frames lost where x > 0.5 m; spikes go on."""
    lost = (np.random.default_rng(9).random(len(r.times)) < 0.4) & (r.positions[:, 0] > 0.5)
    return Recording(r.times[~lost], r.positions[~lost], r.spikes, r.units)


# ---- tools -----------------------------------------------------------------------------------------------------------


def children():
    """The processor's seconds that the programs run from here have taken."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


class Sicgrid:
    name = "sicgrid"

    def __init__(self, program):
        self.program = str(Path(program).resolve())

    def analyze(self, arguments, n):
        """Runs the program, and returns the rows of its table as Measured, for each of three scores, and its seconds."""
        start = children()
        subprocess.run([self.program, "analyze", *arguments, "--out", "cells.csv", "--quiet"], check=True, stdout=subprocess.DEVNULL)
        seconds = children() - start
        rows = list(csv.DictReader(open("cells.csv")))
        assert len(rows) == n

        def number(row, column):
            return float(row[column] or "nan")

        scores = {}
        for score in ("grid_expanding", "grid_ring", "grid_banino60"):
            scores[score] = [Measured(number(r, "period_m"), number(r, "orientation_deg"), number(r, "ellipse_ratio"), number(r, score)) for r in rows]
        return scores, seconds / n

    def maps(self, case):
        np.save("maps.npy", case.maps)
        return self.analyze(["maps.npy", "--box", f"{case.box[0]},{case.box[1]}"], len(case.maps))

    def recording(self, r):
        np.save("times.npy", r.times)
        np.save("positions.npy", r.positions)
        np.save("spikes.npy", np.column_stack([np.repeat(np.arange(len(r.spikes)), [len(s) for s in r.spikes]), np.concatenate(r.spikes)]))
        files = ["--times", "times.npy", "--positions", "positions.npy", "--spikes", "spikes.npy"]
        scores, seconds = self.analyze([*files, "--box", "1", "--origin", "corner", "--ratemaps", "ratemaps.npy"], len(r.spikes))
        return scores, seconds, np.load("ratemaps.npy")


class Opexebo:
    definition = "grid_expanding"  # sicgrid's score that is defined as its own is

    def __init__(self, module, smooth=0):
        self.module, self.smooth = module, smooth  # bins
        self.name = "opexebo, smoothed by 2 bins" if smooth else "opexebo"

    def map(self, m, box):
        if self.smooth:
            m = self.module.general.smooth(m, self.smooth)
        score, stats = self.module.analysis.grid_score(self.module.analysis.autocorrelation(m), bin_width=box[0] / m.shape[1])
        return Measured(stats["grid_spacing"], stats["grid_orientation"], stats["grid_ellipse_aspect_ratio"], score)

    def ratemap(self, r, unit):
        """Its rate map by its defaults, bins of 2.5 cm smoothed by 2 bins: [y, x]."""
        options = {"bin_width": 2.5, "limits": (0, 100.001, 0, 100.001)}
        occupancy, _, _ = self.module.analysis.spatial_occupancy(r.times, 100 * r.positions.T, (100, 100), **options)
        x, y = positions_of_spikes(r, unit).T
        rate = self.module.analysis.rate_map(occupancy, np.stack([r.spikes[unit], 100 * x, 100 * y]), (100, 100), **options)
        return np.asarray(self.module.general.smooth(rate, 2, mask_fill=NAN))


class SpatialMaps:
    name, definition = "spatial-maps", "grid_ring"

    def __init__(self):
        self.gridcells = importlib.import_module("spatial_maps.gridcells")
        self.tools = importlib.import_module("spatial_maps.tools")
        self.fields = importlib.import_module("spatial_maps.fields")
        self.spatial = importlib.import_module("spatial_maps.maps")

    def map(self, m, box):
        bin = np.array([box[1] / m.shape[0], box[0] / m.shape[1]])  # y, x
        filled = np.nan_to_num(m)
        acorr = self.tools.autocorrelation(filled)
        period, orientation = self.gridcells.spacing_and_orientation(self.fields.find_peaks(acorr) * bin, np.array(acorr.shape) * bin)
        return Measured(period, np.degrees(orientation), NAN, self.gridcells.gridness(m))

    def ratemap(self, r, unit):
        """Its rate map by its defaults, bins of 2 cm smoothed by 5 cm: [y, x]."""
        x, y = r.positions.T
        return self.spatial.SpatialMap().rate_map(x, y, r.times, r.spikes[unit]).T


class GridCells:
    name, definition = "grid-cells", "grid_banino60"

    def __init__(self, module):
        self.module, self.scorers = module, {}

    def map(self, m, box):
        if m.shape[0] != m.shape[1]:
            return None  # its masks are square
        if len(m) not in self.scorers:  # the masks of its train.py
            self.scorers[len(m)] = self.module.GridScorer(len(m), None, list(zip([0.2] * 10, np.linspace(0.4, 1.0, num=10))))
        return Measured(score=self.scorers[len(m)].get_scores(m.copy())[0])

    def ratemap(self, r, unit):
        """Its rate map with the 20 bins of its train.py, not smoothed, of spikes a second in each frame: [y, x]."""
        import scipy.stats  # which it uses without importing it

        scorer = self.module.GridScorer(20, ((0, 1), (0, 1)), [])
        counts, _ = np.histogram(r.spikes[unit], np.append(r.times, r.times[-1] + 0.02))
        return scorer.calculate_ratemap(r.positions[:, 0], r.positions[:, 1], counts / 0.02).T


def positions_of_spikes(r, unit):
    """Where the rat was at each spike, by the last frame before it."""
    return r.positions[np.clip(np.searchsorted(r.times, r.spikes[unit], side="right") - 1, 0, None)]


def run(tool, maps, box):
    """Measures maps by one of the Python tools, and returns Measured, and seconds a map; None where it cannot."""
    tool.map(maps[0], box)  # imports and masks, once
    start = time.process_time()
    measured = []
    for m in maps:
        try:
            one = tool.map(m, box)
        except Exception as e:  # what stops the tool is a result, too
            print(f"{tool.name}: {type(e).__name__}: {e}", file=sys.stderr)
            one = Measured()
        if one is None:
            return None, NAN
        measured.append(one)
    return measured, (time.process_time() - start) / len(maps)


# ---- tables ----------------------------------------------------------------------------------------------------------


def turned(a, b):
    """The difference of two orientations modulo 60 degrees."""
    d = abs(a - b) % 60
    return min(d, 60 - d)


def percentiles(values, form):
    values = [v for v in values if np.isfinite(v)]
    return "" if not values else form.format(np.median(values), np.percentile(values, 95))


def line(name, measured, units, seconds, ours=()):
    """A tool's line: how many periods it gave, median and 95th percentile of its errors, its ellipses and scores, those
    of sicgrid by the same definition, time."""
    periods = [100 * abs(m.period / u.period - 1) for m, u in zip(measured, units)]
    bias = [100 * (m.period / u.period - 1) for m, u in zip(measured, units) if np.isfinite(m.period)]
    directions = [turned(m.orientation, u.orientation) for m, u in zip(measured, units)]
    ellipses = [m.ellipse for m in measured]
    given = sum(np.isfinite(m.period) for m in measured)
    scores = [m.score for m in measured if np.isfinite(m.score)]
    return " | ".join(
        [
            f"| {name}",
            f"{given} of {len(units)}" if given else "",
            percentiles(periods, "{:.2f}, {:.2f}"),
            f"{np.median(bias):+.2f}" if bias and np.isfinite(bias).any() else "",
            percentiles(directions, "{:.2f}, {:.2f}"),
            percentiles(ellipses, "{:.3f}, {:.3f}"),
            percentiles(scores, "{:.2f}, {:.2f}"),
            percentiles([m.score for m in ours], "{:.2f}, {:.2f}"),
            f"{1000 * seconds:.3g} |",
        ]
    )


HEAD = """| tool | periods given | error of the period, % | its median with sign | error of the orientation, ° | ellipse | score | sicgrid's by that definition | ms a map |
|---|---|---|---|---|---|---|---|---|"""


def table_of_maps(case, sicgrid, tools):
    lines = [f"**{case.title}**" + f" ({len(case.units)} units)", "", HEAD]
    scores, seconds = sicgrid.maps(case)
    lines.append(line(sicgrid.name, scores["grid_expanding"], case.units, seconds))
    for tool in tools:
        if getattr(tool, "smooth", 0) and not case.noisy:
            continue
        measured, took = run(tool, case.maps, case.box)
        if measured is not None:
            lines.append(line(tool.name, measured, case.units, took, scores[tool.definition]))
    return "\n".join(lines)


def table_of_recording(title, r, sicgrid, tools):
    box = (1.0, 1.0)
    scores, seconds, ratemaps = sicgrid.recording(r)
    lines = [f"**{title}** ({len(r.units)} units)", "", HEAD.replace("ms a map |", "ms a unit | rate at x > 0.5 m over that at x < 0.5 m |") + "---|"]
    lines.append(line(sicgrid.name, scores["grid_expanding"], r.units, seconds) + f" {halves(ratemaps):.2f} |")
    for tool in tools:
        if getattr(tool, "smooth", 0):
            continue  # its ratemaps are smoothed already
        start = time.process_time()
        ratemaps = [tool.ratemap(r, u) for u in range(len(r.units))]
        binning = (time.process_time() - start) / len(r.units)
        measured, took = run(tool, ratemaps, box)
        lines.append(line(tool.name, measured, r.units, binning + took, scores[tool.definition]) + f" {halves(ratemaps):.2f} |")
    return "\n".join(lines)


def halves(ratemaps):
    """Mean rate of the right half over that of the left one, over all units: 1 but for chance."""
    mean = np.nanmean(np.stack([np.asarray(m, float) for m in ratemaps]), axis=(0, 1))
    return np.nanmean(mean[len(mean) // 2 :]) / np.nanmean(mean[: len(mean) // 2])


def table_of_versions(modules, arguments):
    """What was run, and on what."""
    lines = ["| what | version |", "|---|---|"]
    lines.append(f"| sicgrid | {version(None, Path(__file__).parent)} |")
    for name, module in modules.items():
        lines.append(f"| {name} | {version(module, getattr(arguments, name.lower().replace('-', '_').split('/')[1]))} |")
    lines.append("| Python, NumPy, SciPy | " + f"{platform.python_version()}, {np.__version__}, {importlib.metadata.version('scipy')} |")
    lines.append(f"| run on | {datetime.date.today()}, {platform.machine()}, one core each |")
    return "\n".join(lines)


def version(module, checkout):
    """A package's version, or the commit of the checkout that it is imported from."""
    if checkout:
        log = subprocess.run(["git", "-C", checkout, "log", "-1", "--format=commit %h of %cs"], capture_output=True, text=True)
        if log.returncode == 0:
            return log.stdout.strip()
    return getattr(module, "__version__", None) or importlib.metadata.version(module.__name__)


def write(page, tables):
    """Puts each table between its marks in the page."""
    text = page.read_text()
    for name, table in tables.items():
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.S)
        assert pattern.search(text), f"{page}: no mark for the table {name}"
        text = pattern.sub(lambda m: m[1] + "\n" + table + "\n\n" + m[2], text)
    page.write_text(text)


def load(arguments):
    """Imports the packages, from checkouts where such are given."""
    for checkout in (arguments.opexebo, arguments.ratinabox, arguments.spatial_maps, arguments.grid_cells):
        if checkout:
            sys.path.insert(0, str(Path(checkout).resolve()))
    import shapely.geometry

    for shape in ("Polygon", "MultiPolygon", "Point"):  # Shapely 1.8 has them in shapely.geometry alone
        if not hasattr(shapely, shape):
            setattr(shapely, shape, getattr(shapely.geometry, shape))
    names = {"kavli-ntnu/opexebo": "opexebo", "CINPLA/spatial-maps": "spatial_maps", "google-deepmind/grid-cells": "scores", "RatInABox-Lab/RatInABox": "ratinabox"}
    return {name: importlib.import_module(module) for name, module in names.items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sicgrid", required=True, help="the program")
    parser.add_argument("--grid-cells", required=True, metavar="DIR", help="checkout of google-deepmind/grid-cells")
    parser.add_argument("--spatial-maps", required=True, metavar="DIR", help="checkout of CINPLA/spatial-maps")
    parser.add_argument("--opexebo", metavar="DIR", help="checkout of kavli-ntnu/opexebo, in place of the package")
    parser.add_argument("--ratinabox", metavar="DIR", help="checkout of RatInABox-Lab/RatInABox, in place of the package")
    parser.add_argument("--units", type=int, default=10, help="units in each case")
    parser.add_argument("--only", metavar="NAMES", help="tables to make anew, with commas: ideal, noisy, ..., recorded")
    parser.add_argument("--page", type=Path, default=Path(__file__).resolve().parent.parent / "COMPARISON.md")
    arguments = parser.parse_args()
    arguments.sicgrid = str(Path(arguments.sicgrid).resolve())
    arguments.page = arguments.page.resolve()
    modules = load(arguments)
    sicgrid = Sicgrid(arguments.sicgrid)
    opexebo = modules["kavli-ntnu/opexebo"]
    tools = [Opexebo(opexebo), Opexebo(opexebo, smooth=2), SpatialMaps(), GridCells(modules["google-deepmind/grid-cells"])]
    tables = {"versions": table_of_versions(modules, arguments)}
    asked = arguments.only.split(",") if arguments.only else None
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for case in cases(arguments.units):
            if not asked or case.name in asked:
                tables[case.name] = table_of_maps(case, sicgrid, tools)
                print(tables[case.name], flush=True)
        if not asked or "recorded" in asked:
            r = record(10, arguments.units, modules["RatInABox-Lab/RatInABox"])
            tables["recorded"] = table_of_recording("10 minutes at 50 Hz", r, sicgrid, tools)
            tables["recorded-lost"] = table_of_recording("The same, 40 % of the frames lost where x > 0.5 m", lose_frames(r), sicgrid, tools)
            print(tables["recorded"], tables["recorded-lost"], sep="\n")
        os.chdir("/")
    write(arguments.page, tables)


if __name__ == "__main__":
    main()
