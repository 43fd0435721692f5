"""The kinds of errors that callers are told of."""

from swath_core.errors import BadRequest, Errors, NotFound, SwathError
from swath_core.raster._files import FileUnreadable
from swath_core.search._merge import TooManyWholeError
from swath_core.web._http import stac_error


def kinds() -> set[str]:
    return {each.__name__ for each in SwathError.__subclasses__() if each is not Errors}


def every(of: type[SwathError]) -> list[type[SwathError]]:
    return [of, *(each for below in of.__subclasses__() for each in every(below))]


def test_special_errors_are_told_as_their_kind() -> None:
    errors = [TooManyWholeError("acme:p", "gsd"), FileUnreadable("gone"), NotFound("no")]
    assert [stac_error(each)["code"] for each in errors] == ["BadRequest", "NotFound", "NotFound"]
    assert stac_error(Errors(errors))["code"] == "BadRequest"


def test_every_error_has_a_kind_with_its_status() -> None:
    for kind in SwathError.__subclasses__():
        for each in every(kind):
            made = each.__new__(each)
            assert made.code in kinds() | {"Errors"}
            assert made.code == kind.__name__
            assert each.status == kind.status
    assert BadRequest("x").code == "BadRequest"
