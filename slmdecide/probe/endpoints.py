"""Where would a request go, and may the data go there? Decided from addresses alone, before anything is sent.

A host counts as loopback if it is `localhost` or an IP address of the loopback range. No name is looked up: what a name leads
to may change between the look-up and the call.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Literal, NamedTuple
from urllib.parse import SplitResult, urlsplit

from slmdecide.errors import InputError
from slmdecide.readers.mistakes import Location, dotted, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.readers.yaml import Document
    from slmdecide.records.profile import MayLeave, Privacy

Place = Literal["loopback", "inside", "remote"]
_PORTS = {"http": 80, "https": 443}


class _Host(NamedTuple):
    scheme: str | None
    """None where an entry of the profile names none."""
    name: str
    port: int | None
    path: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Barrier:
    """What in the profile keeps the data from going to any place."""

    file: str
    line: int
    field: str
    value: str
    why: str

    def said(self) -> str:
        """`file:line: field is value: why`."""
        return f"{self.file}:{self.line}: {self.field} is {self.value}: {self.why}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Destination:
    """Where one model's requests go."""

    model: str
    url: str | None
    """Base address; None = the provider's own."""
    provider: str
    regions: frozenset[str] = frozenset()
    """In which the offer says that it is served; empty = not stated."""


def checked_address(text: str, option: str) -> str:
    """The base address without a slash at its end. InputError if it is none, or holds a password or a query."""
    try:
        parts = urlsplit(text.strip())
        port = parts.port
    except ValueError as error:
        raise InputError(f"{option}: {shown(text)} is no address: {error}") from None
    if parts.scheme not in _PORTS or not parts.hostname:
        raise InputError(f"{option}: found {shown(_without_password(parts))}; an address such as http://127.0.0.1:8000/v1 is expected")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise InputError(
            f"{option}: the address of {shown(parts.hostname)} holds a user, a password or a query",
            hint="keys come from the environment (SLMDECIDE_API_KEY for an address of your own) and stand nowhere else",
        )
    if port == 0 or any(not one.isprintable() or one.isspace() for one in text.strip()):
        raise InputError(f"{option}: found {shown(text)}; an address such as http://127.0.0.1:8000/v1 is expected")
    return text.strip().rstrip("/")


def _without_password(parts: SplitResult) -> str:
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()


def is_loopback(host: str) -> bool:
    """Whether a host is this machine, whatever a name server says."""
    bare = host.rstrip(".").lower()
    if bare == "localhost":
        return True
    try:
        address = ip_address(bare.strip("[]"))
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback


def place_of(url: str | None, inside: Sequence[str] = ()) -> Place:
    """Where an address is; None is a provider's own address and so remote."""
    if url is None:
        return "remote"
    here = _host(url)
    if is_loopback(here.name):
        return "loopback"
    return "inside" if any(_covers(_host(entry), here) for entry in inside) else "remote"


def _host(text: str) -> _Host:
    """The parts of an address, or of a bare host with or without a port and a path; without a name if it is neither."""
    scheme = text.partition("://")[0].lower() if "://" in text else None
    try:
        parts = urlsplit(text if scheme is not None else f"//{text}")
        port = parts.port
    except ValueError:
        return _Host(scheme, "", None, "")
    return _Host(scheme, (parts.hostname or "").rstrip(".").lower(), port, parts.path.rstrip("/"))


def _covers(entry: _Host, here: _Host) -> bool:
    """Whether an entry of the profile names this address: what the entry does not say may be anything."""
    if not entry.name or entry.name != here.name or (entry.scheme is not None and entry.scheme != here.scheme):
        return False
    port = entry.port if entry.port is not None else _PORTS.get(entry.scheme or "")
    if port is not None and port != (here.port if here.port is not None else _PORTS.get(here.scheme or "")):
        return False
    return not entry.path or here.path == entry.path or here.path.startswith(f"{entry.path}/")


# What the profile says


def barriers(privacy: Privacy, may_leave: MayLeave, document: Document, name: str) -> tuple[Barrier, ...]:
    """What forbids the data to go to an API, with the line that says so; empty if it may go anywhere.

    `may_leave`: what holds, said or concluded from the class of the data.
    """
    found = []

    def at(location: Location, value: object, why: str) -> Barrier:
        return Barrier(file=name, line=document.line_of(location), field=dotted(location), value=str(value).lower(), why=why)

    if may_leave != "anywhere":
        if privacy.may_leave is not None:
            found.append(at(("privacy", "may_leave"), privacy.may_leave, "the data may not go to an API"))
        else:
            why = f"such data is taken not to leave (may_leave: {may_leave}) unless privacy.may_leave says otherwise"
            found.append(at(("privacy", "data_class"), privacy.data_class, why))
    if privacy.offline:
        found.append(at(("privacy", "offline"), privacy.offline, "it must work without a network"))
    if privacy.residency is not None:
        regions = ", ".join(privacy.residency)
        found.append(at(("privacy", "residency"), regions, f"only what states that it is served in {regions} may have the data"))
    return tuple(found)


def refuse_outside(destinations: Sequence[Destination], found: Sequence[Barrier], privacy: Privacy) -> None:
    """InputError that names every endpoint to which the data may not go, and the line of the profile that forbids it."""
    inside = privacy.inside_endpoints if privacy.inside_endpoints is not None else ()
    allowed = set(privacy.residency) if privacy.residency is not None else set()
    refused: list[str] = []
    for one in destinations:
        if place_of(one.url, inside) != "remote":
            continue
        against = [barrier for barrier in found if barrier.field != "privacy.residency" or not one.regions & allowed]
        if against:
            where = one.url if one.url is not None else f"the API of {one.provider}"
            refused += [f"{barrier.said()}; {one.model} is asked at {where}" for barrier in against[:1]]
    if refused:
        raise InputError(
            "\n".join(refused),
            hint="nothing was sent; ask a server on this machine (--model NAME=http://127.0.0.1:PORT/v1), "
            "or list one of your own under privacy.inside_endpoints",
        )
