"""What PostgreSQL's catalogues say about a table: can a new one be given all that it has?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Iterator

IS_PLAIN = """
SELECT c.relkind = 'r' AND c.relpersistence = 'p' AND NOT c.relispartition
   AND NOT c.relrowsecurity AND NOT c.relforcerowsecurity AND c.relreplident = 'd'
   AND c.reloptions IS NULL AND c.reltablespace = 0 AND c.reloftype = 0
   AND c.relam = (SELECT oid FROM pg_am
         WHERE amname = current_setting('default_table_access_method'))
   AND c.relowner = (SELECT oid FROM pg_roles WHERE rolname = current_user)
   AND has_schema_privilege(c.relnamespace, 'CREATE')
   AND NOT EXISTS (SELECT FROM pg_inherits WHERE inhrelid = c.oid OR inhparent = c.oid)
   AND NOT EXISTS (SELECT FROM pg_seclabel WHERE objoid = c.oid)
   AND NOT EXISTS (SELECT FROM aclexplode(c.relacl) WHERE grantor <> c.relowner)
   AND NOT EXISTS (SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
         AND NOT a.attisdropped AND (a.attacl IS NOT NULL OR a.attidentity <> ''
         OR a.attoptions::text LIKE '%n_distinct%' OR coalesce(a.attstattarget, -1) <> -1))
   AND NOT EXISTS (SELECT FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
         WHERE i.indrelid = c.oid AND (i.indisclustered OR i.indisreplident OR NOT i.indisvalid
         OR x.reltablespace <> 0 OR obj_description(x.oid, 'pg_class') IS NOT NULL))
   AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid
         AND (k.contype NOT IN ('p', 'u', 'c', 'n') OR k.condeferrable))
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass
         AND d.objid = c.oid AND d.deptype = 'e')
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_type'::regclass
         AND d.refobjid = c.reltype AND d.deptype <> 'i')
   AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.refclassid = 'pg_class'::regclass
         AND d.refobjid = c.oid AND NOT (
           d.classid = 'pg_type'::regclass AND d.objid = c.reltype
           OR d.classid = 'pg_attrdef'::regclass AND d.objid IN
              (SELECT oid FROM pg_attrdef WHERE adrelid = c.oid)
           OR d.classid = 'pg_constraint'::regclass AND d.objid IN
              (SELECT oid FROM pg_constraint WHERE conrelid = c.oid)
           OR d.classid = 'pg_class'::regclass AND d.objid IN
              (SELECT oid FROM pg_class WHERE relkind IN ('i', 't'))))
  FROM pg_class c WHERE c.oid = :oid
"""
"""Whether a new table can be given all that this one has: anything not known here says no."""

REFERENCES = """
SELECT k.conname, n.nspname, c.relname, here.attname, there.attname
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 CROSS JOIN LATERAL unnest(k.conkey, k.confkey) WITH ORDINALITY AS pair (here, there, number)
  JOIN pg_attribute here ON here.attrelid = k.conrelid AND here.attnum = pair.here
  JOIN pg_attribute there ON there.attrelid = k.confrelid AND there.attnum = pair.there
 WHERE k.contype = 'f' AND k.confrelid = to_regclass(:name) ORDER BY k.oid, pair.number
"""
"""The foreign keys that lead to a table, a row for each of their columns."""

LAX = """
SELECT a.attname FROM pg_attribute a LEFT JOIN pg_collation l ON l.oid = a.attcollation
 WHERE a.attrelid = to_regclass(:name) AND a.attnum > 0 AND NOT a.attisdropped
   AND (NOT coalesce(l.collisdeterministic, true) OR a.atttypid IN
       (SELECT oid FROM pg_type WHERE typname IN ('citext', 'bpchar')))
"""
"""Columns that take texts for equal which differ by case, accents or spaces."""

_INDEXES = """
SELECT quote_ident(x.relname) AS name, quote_ident(k.conname) AS constraint_name, k.contype,
       i.indisunique AS is_unique,
       right(pg_get_indexdef(x.oid), -length(format('CREATE %sINDEX %I ON %I.%I ',
         CASE WHEN i.indisunique THEN 'UNIQUE ' ELSE '' END, x.relname, n.nspname, c.relname)))
         AS definition
  FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_class c ON c.oid = i.indrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_constraint k ON k.conindid = x.oid AND k.conrelid = c.oid
 WHERE i.indrelid = :oid ORDER BY x.oid
"""

_GRANTS = """
SELECT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
       a.privilege_type, a.is_grantable
  FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = :oid AND a.grantee <> c.relowner
"""

_COMMENT = "SELECT quote_literal(obj_description(CAST(:oid AS oid), 'pg_class'))"


@dataclass(frozen=True, slots=True)
class _Index:
    """An index as text: its quoted name, the constraint it serves, and what follows ``ON t``."""

    name: str
    constraint: str | None
    kind: str | None
    unique: bool
    definition: str


@dataclass(frozen=True, slots=True)
class Belongings:
    """What a table has that a new one must be given, besides its columns."""

    indexes: tuple[_Index, ...] = ()
    grants: tuple[tuple[str, str, bool], ...] = ()
    surplus: tuple[str, ...] = ()
    comment: str | None = None

    def before(self, new: str, mark: str) -> Iterator[str]:
        """Statements that take time, run while readers still have the old table."""
        for number, index in enumerate(self.indexes):
            unique = "UNIQUE " if index.unique else ""
            yield f"CREATE {unique}INDEX {mark}_{number} ON {new} {index.definition}"

    def after(self, table: str, schema: str, mark: str) -> Iterator[str]:
        """Statements that need the names of the old table, run once it is gone."""
        for number, index in enumerate(self.indexes):
            if index.constraint is None:
                yield f"ALTER INDEX {schema}.{mark}_{number} RENAME TO {index.name}"
                continue
            kind = "PRIMARY KEY" if index.kind == "p" else "UNIQUE"
            yield (
                f"ALTER TABLE {table} ADD CONSTRAINT {index.constraint} {kind} "
                f"USING INDEX {mark}_{number}"
            )
        for grantee in self.surplus:
            yield f"REVOKE ALL ON {table} FROM {grantee}"
        for grantee, privilege, grantable in self.grants:
            option = " WITH GRANT OPTION" if grantable else ""
            yield f"GRANT {privilege} ON {table} TO {grantee}{option}"
        if self.comment is not None:
            yield f"COMMENT ON TABLE {table} IS {self.comment}"


def belongings(connection: sa.Connection, oid: int, new: int) -> Belongings:
    """Read what a plain table has, and whom default privileges have let into the new one."""
    rows = connection.execute(sa.text(_INDEXES), {"oid": oid})
    indexes = tuple(_Index(*row) for row in rows)
    grants = tuple((g, p, o) for g, p, o in connection.execute(sa.text(_GRANTS), {"oid": oid}))
    surplus = {row[0] for row in connection.execute(sa.text(_GRANTS), {"oid": new})}
    comment = connection.execute(sa.text(_COMMENT), {"oid": oid}).scalar()
    return Belongings(indexes, grants, tuple(sorted(surplus)), comment)
