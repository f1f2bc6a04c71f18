"""Attaches a DuckLake and runs statements: reads {"attach": …, "statements": […]}, writes the rows of the last one."""

import glob
import json
import sys
import sysconfig

import duckdb

told = json.load(sys.stdin)
connection = duckdb.connect(config={"allow_unsigned_extensions": "true"})
for name in ("sqlite_scanner", "postgres_scanner", "ducklake"):
    [path] = glob.glob(f"{sysconfig.get_path('purelib')}/duckdb_extension_{name}/extensions/*/{name}.duckdb_extension")
    connection.execute(f"LOAD '{path}'")
connection.execute("SET TimeZone = 'UTC'")
connection.execute(f"ATTACH {told['attach']}")
connection.execute("USE lake")
for statement in told["statements"]:
    result = connection.execute(statement)
json.dump([[value if value is None else str(value) for value in row] for row in result.fetchall()], sys.stdout)
