"""Works pivots out by SQL of its own in DuckDB, attached to the lake: reads {"catalogue", "data", "terms", "specs"}, writes cells.

For each spec: {"rows": n, "cells": {place: {measure: value}}} with a place as [row values, column values] in JSON; totals have shorter
lists. Written from docs/pivot.md, not from the program.
"""

import glob
import json
import sys
import sysconfig

import duckdb

COLUMNS = {
    "events": {"channel", "region", "utm_source", "utm_medium", "campaign", "dealer", "model", "event", "source", "currency"},
    "leads": {"channel", "region", "utm_source", "campaign", "dealer", "model"},
    "orders": {"channel", "region", "utm_source", "campaign", "dealer", "model", "currency"},
    "ad_costs": {"channel", "region", "utm_source", "campaign", "currency"},
}
TIMES = {"day", "week", "month", "quarter", "year"}


def local(table, zone):
    """The calendar time of a row: a cost's day has no zone."""
    if table == "ad_costs":
        return "day::TIMESTAMP"
    at = {"events": "ts", "leads": "created_at", "orders": "ts"}[table]
    return f"(CASE WHEN {at} IS NULL THEN NULL ELSE timezone('{zone}', {at}) END)"


def dimension(name, table, zone):
    at = local(table, zone)
    return {
        "day": f"strftime({at}, '%Y-%m-%d')",
        "week": f"strftime(date_trunc('week', {at}), '%Y-%m-%d')",
        "month": f"strftime({at}, '%Y-%m')",
        "quarter": f"(year({at}) || '-Q' || quarter({at}))",
        "year": f"strftime({at}, '%Y')",
    }.get(name) or f"NULLIF({name}, '')"


def knows(table, name):
    return name in TIMES or name in COLUMNS[table]


def text(value):
    return "'" + value.replace("'", "''") + "'"


def amount(column, day, currency, terms):
    """An amount in the report's currency at the last rate of its day or before; NULL without one."""
    given = f"coalesce(NULLIF(main.currency, ''), {text(terms['currency'])})"
    rate = f"(SELECT arg_max(r.rate, r.day) FROM rates r WHERE r.base = {text(currency)} AND r.currency = {given} AND r.day <= {day})"
    return f"(CASE WHEN {given} = {text(currency)} THEN {column} ELSE {column} / {rate} END)"


def quantities(spec, terms):
    """Name of a quantity -> (table, condition, aggregate)."""
    currency = spec.get("currency") or terms["currency"]
    order_day = f"timezone('{spec['tz']}', ts)::DATE"
    first = "(order_id = first_order)"
    found = {
        "cost": ("ad_costs", "true", f"sum({amount('cost', 'main.day', currency, terms)})"),
        "cost_lines": ("ad_costs", "true", "count(*)"),
        "impressions": ("ad_costs", "true", "sum(impressions)"),
        "clicks": ("ad_costs", "true", "sum(clicks)"),
        "leads": ("leads", "true", "count(*)"),
        "lead_people": ("leads", "true", "count(DISTINCT profile_id)"),
        "sales": ("orders", "true", "count(*)"),
        "buyers": ("orders", "true", "count(DISTINCT profile_id)"),
        "new_customers": ("orders", first, "count(*)"),
        "revenue": ("orders", "true", f"sum({amount('revenue', order_day, currency, terms)})"),
    }
    for definition in terms["conversions"]:
        met = f"event = {text(definition['event'])}" + (f" AND ({definition['where']})" if definition["where"] else "")
        found[f"conversion:{definition['id']}"] = ("events", met, "count(*)")
        found[f"conversion_people:{definition['id']}"] = ("events", met, "count(DISTINCT profile_id)")
    return found


def source(table):
    if table == "orders":
        return """(SELECT *, first_value(order_id) OVER (PARTITION BY profile_id ORDER BY ts, order_id) AS first_order
                   FROM held_orders WHERE status = 'confirmed') main"""
    return f"held_{table} main"


def sums(connection, spec, terms, name):
    """Place -> value of one quantity, on every level that its table knows; None where it cannot be told at all."""
    table, condition, aggregate = quantities(spec, terms)[name]
    zone = spec["tz"]
    conditions = [condition]
    for kept in spec["filters"]:
        if not knows(table, kept["dimension"]):
            return None
        column = dimension(kept["dimension"], table, zone)
        parts = [f"{column} IS NULL" if value is None else f"{column} IS NOT DISTINCT FROM {text(value)}" for value in kept["values"]]
        conditions.append(f"{'NOT ' if kept['exclude'] else ''}({' OR '.join(parts)})")
    at = local(table, zone)
    conditions.append(f"{at} >= TIMESTAMP '{spec['from']}' AND {at} < TIMESTAMP '{spec['to']}'")
    found = {}
    for depth in range(len(spec["rows"]) + 1):
        for columns in {tuple(), tuple(spec["columns"])}:
            names = spec["rows"][:depth] + list(columns)
            if not all(knows(table, each) for each in names):
                continue
            keys = [dimension(each, table, zone) for each in names]
            grouped = f" GROUP BY {', '.join(str(at + 1) for at in range(len(keys)))}" if keys else ""
            sql = f"SELECT {', '.join(keys + [aggregate])} FROM {source(table)} WHERE {' AND '.join(conditions)}{grouped}"
            for row in connection.execute(sql).fetchall():
                found[json.dumps([list(row[:depth]), list(row[depth:-1])])] = float(row[-1] or 0)
    return found


def works_out(connection, spec, terms):
    held = {}

    def tables_of(measure):
        return [quantities(spec, terms)[name][0] for name in FORMULAS[measure][0]]

    kinds = {kind: [f"conversion:{each['id']}" for each in terms["conversions"] if each["kind"] == kind] for kind in ("micro", "macro")}
    FORMULAS = {
        **{name: ([name], lambda value: value) for name in quantities(spec, terms)},
        "micro_conversions": (kinds["micro"], lambda *values: sum(values)),
        "macro_conversions": (kinds["macro"], lambda *values: sum(values)),
        "ctr": (["clicks", "impressions"], lambda a, b: a / b),
        "cpc": (["cost", "clicks"], lambda a, b: a / b),
        "cpm": (["cost", "impressions"], lambda a, b: 1000 * a / b),
        "cpl": (["cost", "leads"], lambda a, b: a / b),
        "cac": (["cost", "new_customers"], lambda a, b: a / b),
        "cost_per_sale": (["cost", "sales"], lambda a, b: a / b),
        "click_to_lead": (["leads", "clicks"], lambda a, b: a / b),
        "lead_to_sale": (["sales", "leads"], lambda a, b: a / b),
        "drr": (["cost", "revenue"], lambda a, b: a / b),
        "romi": (["revenue", "cost"], lambda a, b: (a - b) / b),
        "profit": (["revenue", "cost"], lambda a, b: a - b),
        "average_sale": (["revenue", "sales"], lambda a, b: a / b),
        "cost_per_micro": (["cost", *kinds["micro"]], lambda a, *b: a / sum(b)),
    }
    needed = {name for measure in spec["measures"] for name in FORMULAS[measure][0]}
    held = {name: sums(connection, spec, terms, name) for name in needed}
    places = {place for values in held.values() if values for place in values} | {"[[], []]"}
    cells = {}
    for place in places:
        rows, columns = json.loads(place)
        names = spec["rows"][: len(rows)] + (spec["columns"] if columns else [])
        told = {}
        for measure in spec["measures"]:
            parts, formula = FORMULAS[measure]
            is_told = all(held[name] is not None for name in parts)
            is_told = is_told and all(knows(table, name) for table in tables_of(measure) for name in names)
            try:
                told[measure] = formula(*(held[name].get(place, 0.0) for name in parts)) if is_told else None
            except ZeroDivisionError:
                told[measure] = None
        cells[place] = told
    return cells


def main():
    told = json.load(sys.stdin)
    connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
    for name in ("sqlite_scanner", "ducklake"):
        [path] = glob.glob(f"{sysconfig.get_path('purelib')}/duckdb_extension_{name}/extensions/*/{name}.duckdb_extension")
        connection.execute(f"LOAD '{path}'")
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(f"ATTACH 'ducklake:sqlite:{told['catalogue']}' AS lake (DATA_PATH '{told['data']}', READ_ONLY)")
    # Hundreds of questions go to the same rows: they are read out of the lake once.
    for table in COLUMNS:
        connection.execute(f"CREATE TEMP TABLE held_{table} AS SELECT * FROM lake.{table}")
    connection.execute("CREATE TEMP TABLE rates (base TEXT, currency TEXT, day DATE, rate DOUBLE)")
    for rate in told["terms"]["rates"]:
        connection.execute("INSERT INTO rates VALUES (?, ?, ?, ?)", [rate["base"], rate["currency"], rate["day"], rate["rate"]])
    json.dump([works_out(connection, spec, told["terms"]) for spec in told["specs"]], sys.stdout)


main()
