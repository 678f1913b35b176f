"""What is asked of PostgreSQL's catalog about the tables a dump has rows of."""

from __future__ import annotations

OWN = """
    c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' AND NOT EXISTS (
        SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.classid = 'pg_class'::regclass AND d.deptype = 'e')
"""
USED = """(
    SELECT format('%I.%I', m.nspname, s.relname)
    FROM pg_attrdef f JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = f.oid
    JOIN pg_class s ON d.refclassid = 'pg_class'::regclass AND s.oid = d.refobjid AND s.relkind = 'S'
    JOIN pg_namespace m ON m.oid = s.relnamespace
    WHERE f.adrelid = a.attrelid AND f.adnum = a.attnum LIMIT 1)
"""
COLUMNS = f"""
    SELECT c.oid, n.nspname, c.relname, a.attname, t.typname, a.attnotnull, a.atthasdef OR a.attidentity <> '',
        a.attidentity = 'a',
        coalesce(pg_get_serial_sequence(format('%I.%I', n.nspname, c.relname), a.attname), {USED})
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
    LEFT JOIN pg_type t ON t.oid = a.atttypid
    WHERE {OWN} ORDER BY n.nspname, c.relname, a.attnum
"""  # noqa: S608
INDEXES = """
    SELECT i.indrelid, i.indisprimary, array(
        SELECT a.attname FROM unnest(i.indkey) WITH ORDINALITY k (number, place)
        JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.number
        WHERE k.place <= i.indnkeyatts ORDER BY k.place)
    FROM pg_index i WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
    ORDER BY i.indisprimary DESC, i.indexrelid::regclass::text
"""
# One that refers to a partitioned table has a shadow for each partition, of which only one can ever hold.
REFERENCES = """
    SELECT c.conrelid, c.confrelid,
        array(SELECT a.attname FROM unnest(c.conkey) WITH ORDINALITY k (number, place)
            JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number ORDER BY k.place),
        array(SELECT a.attname FROM unnest(c.confkey) WITH ORDINALITY k (number, place)
            JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.number ORDER BY k.place)
    FROM pg_constraint c WHERE c.contype = 'f'
    AND NOT EXISTS (SELECT FROM pg_constraint u WHERE u.oid = c.conparentid AND u.conrelid = c.conrelid)
    ORDER BY c.conname
"""
TRIGGERS = """
    SELECT tgrelid, tgname FROM pg_trigger
    WHERE NOT tgisinternal AND tgenabled <> 'D' AND (tgtype & 4 > 0 OR tgtype & 16 > 0) ORDER BY tgname
"""
