"""Asks a server by three PostgreSQL clients, as BI programs do, and prints what they were told as one line of JSON.

Standard input: JSON with `host`, `port` and `token`; one line more, once there are more events, for the second half.
"""

import asyncio
import json
import sys

import asyncpg
import psycopg
import sqlalchemy

place = json.loads(sys.stdin.readline())
host, port, token = place["host"], place["port"], place["token"]

url = sqlalchemy.URL.create("postgresql+psycopg", "bi", token, host, port, "forecourt")
engine = sqlalchemy.create_engine(url)
inspector = sqlalchemy.inspect(engine)
told = {
    "tables": sorted(inspector.get_table_names()),
    "has_leads": inspector.has_table("leads"),
    "has_nothing": inspector.has_table("nothing"),
    "columns": {column["name"]: str(column["type"]) for column in inspector.get_columns("events")},
}
JOIN = """
    SELECT leads.dealer, count(*) AS events, max(events.ts) AS last, sum(events.value) AS worth
    FROM events JOIN leads ON leads.profile_id = events.profile_id
    WHERE events.event = :event GROUP BY leads.dealer ORDER BY leads.dealer
"""
with engine.connect() as connection:
    rows = connection.execute(sqlalchemy.text(JOIN), {"event": "car_viewed"})
    told["join"] = [[row.dealer, row.events, row.last.tzinfo is not None, float(row.worth)] for row in rows]

    events = sqlalchemy.Table("events", sqlalchemy.MetaData(), autoload_with=engine)
    built = sqlalchemy.select(events.c.event, sqlalchemy.func.count()).group_by(events.c.event).order_by(events.c.event)
    told["reflected"] = [list(row) for row in connection.execute(built.where(events.c.dealer == "north"))]

COUNT = "SELECT count(*) FROM events WHERE event = %s"
lasting = psycopg.connect(host=host, port=port, user="bi", password=token, dbname="forecourt")
# From the second time on it is a prepared statement, whose rows come as binary values.
told["counts"] = [
    lasting.execute(COUNT, ["car_viewed"], prepare=True, binary=True).fetchone()[0] for _ in range(3)
]


async def ask():
    connection = await asyncpg.connect(host=host, port=port, user="bi", password=token, database="forecourt", ssl=False)
    rows = await connection.fetch("SELECT event, ts, value FROM events WHERE event = $1 AND value > $2 ORDER BY ts", "car_viewed", 1.5)
    try:
        await connection.fetch("INSERT INTO events SELECT * FROM events")
        refusal = None
    except asyncpg.PostgresError as error:
        refusal = [error.sqlstate, str(error)]
    await connection.close()
    return [[row["event"], row["ts"].year, row["value"]] for row in rows], refusal


told["asyncpg"], told["insert"] = asyncio.run(ask())
print(json.dumps(told), flush=True)

sys.stdin.readline()
later = {"counts": [lasting.execute(COUNT, ["car_viewed"], prepare=True, binary=True).fetchone()[0]]}
print(json.dumps(later), flush=True)

sys.stdin.readline()
try:
    lasting.execute(COUNT, ["car_viewed"])
    print(json.dumps(None), flush=True)
except psycopg.Error as error:
    print(json.dumps(str(error)), flush=True)
