"""The layouts that a scan can be written in."""

from __future__ import annotations

from conformance.files.targets import cxi, dp_para, ptychodus, ptyd, tike
from conformance.files.targets.target import Target

TARGETS: dict[str, Target] = {
    one.name: one for one in (ptychodus.TARGET, cxi.TARGET, ptyd.TARGET, tike.TARGET, dp_para.TARGET)
}
