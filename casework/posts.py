"""Who holds which role in which unit, as the county tells every laptop (`user.posts`)."""

from __future__ import annotations

from sync.reading import Reading

Post = tuple[str, str]
"""(role, unit)"""


def posts_of(replica: Reading, user: str) -> list[Post]:
    """Roles and units of a user; of the replica's own user as its grants say."""
    me = replica.identity
    if user == me.user:
        return [(g.role, g.unit) for g in me.grants if g.unit]
    return [post for row in replica.rows("user", [user]) for post in _parsed(row.get("posts"))]


def _parsed(text: str | None) -> list[Post]:
    found = (word.partition("@") for word in (text or "").split())
    return [(role, unit) for role, _at, unit in found if unit]


def names_of(replica: Reading, user: str) -> list[str]:
    """What a user is called: the name people read, then the login."""
    rows = replica.rows("user", [user])
    shown = rows[0]["name"] if rows else replica.identity.name
    return list(dict.fromkeys(n for n in (shown, user) if n))


def roles_by_name(replica: Reading) -> dict[str, frozenset[str]]:
    """Name or login to the roles of everyone so called."""
    found: dict[str, frozenset[str]] = {}
    for row in replica.select("user"):
        roles = frozenset(role for role, _unit in _parsed(row.get("posts")))
        if roles:
            for name in {row["login"], row["name"]} - {None}:
                found[name] = found.get(name, frozenset()) | roles
    return found
