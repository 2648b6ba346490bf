"""The right name of every fault that shows as a difference between two arrays: what a person who knows it would say.

A name is a regular expression that the first cause named in the sentence must match. A reason in place of a name says
why no transformation of the expected array describes the fault; such faults are counted apart. One module a stage.
"""

from __future__ import annotations

import importlib
import pkgutil

from tests.zoo.undescribable import Undescribable

DIAGNOSES: dict[str, str | Undescribable] = {
    liar: name
    for module in pkgutil.iter_modules(__path__, f"{__name__}.")
    for liar, name in importlib.import_module(module.name).NAMES.items()
}
