"""The ways in which the VRM stand-in fails and lies on request: what it does to an answer before it is sent.

A fault of the table ANSWERS changes the answer; hang, slow, drip, cut and reset are about the connection and are done by
vrm.py itself.
"""
import email.utils
import gzip
import json
import time

WORDS = {"Idle": "Inativo", "Charging": "A carregar", "Discharging": "A descarregar", "Inverting": "A inverter",
         "Off": "Desligado", "On": "Ligado", "No alarm": "Sem alarme", "Alarm": "Alarme", "Grid": "Rede elétrica",
         "Bulk": "Carga rápida", "Absorption": "Absorção", "Float": "Flutuação"}


class Reply:
    """An answer on its way: `content` is the JSON value, or None when `body` (bytes) was set by a fault."""

    def __init__(self, status, content, headers=None):
        self.status, self.content, self.headers = status, content, dict(headers or {})
        self.type, self.body = "application/json", None

    def bytes(self):
        return self.body if self.body is not None else json.dumps(self.content, separators=(",", ":")).encode()


def error(status, text, code=None, **headers):
    """VRM's error form."""
    return Reply(status, {"success": False, "errors": text, "error_code": code}, headers)


def set_page(reply, text):
    reply.type, reply.body = "text/html", text.encode()


def status(reply, code=500, body="json", retry_after=None, retry_after_date=None, errors="Something went wrong.",
           error_code=None):
    """Any status, in the error form or as a page of another server in front, with or without Retry-After."""
    failed = error(code, errors, error_code)
    if body != "json":
        texts = {"html": "<html><body><h1>%d</h1></body></html>" % code, "text": "error %d" % code, "empty": ""}
        set_page(failed, texts[body])
    if retry_after is not None:
        failed.headers["Retry-After"] = str(retry_after)
    if retry_after_date is not None:
        failed.headers["Retry-After"] = email.utils.formatdate(time.time() + retry_after_date, usegmt=True)
    return failed


def redirect(reply, to):
    moved = Reply(302, {}, {"Location": to})
    set_page(moved, "")
    return moved


def truncated_json(reply, part=0.5):
    """A complete transfer of half a JSON text."""
    body = reply.bytes()
    reply.body = body[:int(len(body) * part)]
    return reply


def damaged_gzip(reply):
    """A compressed answer of which something on the way has made something else."""
    body = gzip.compress(reply.bytes())
    half = len(body) // 2
    reply.body = body[:half] + bytes(16) + body[half + 16:]
    reply.headers["Content-Encoding"] = "gzip"
    return reply


def html200(reply):
    set_page(reply, "<!DOCTYPE html><html><body>We are down for maintenance.</body></html>")
    return reply


def empty200(reply):
    reply.body = b""
    return reply


def success_false(reply):
    return Reply(200, {"success": False, "errors": ["No settings found for this site"]})


def big(reply, size=3 << 20):
    """The right answer, and a long text beside it."""
    reply.content["padding"] = "x" * size
    return reply


def translated(reply):
    """The texts of an account in another language; numbers and nameEnum stay."""
    for row in rows_of(reply.content):
        for key in ("formattedValue", "textValue"):
            if isinstance(row.get(key), str) and row.get("dataAttributeEnumValues"):
                row[key] = WORDS.get(row[key], row[key] + " (pt)")
    return reply


# Wrong types.

def rows_of(content):
    """The records, or the devices, of an answer; [] when it has none."""
    records = content.get("records")
    if isinstance(records, dict):
        records = records.get("devices")
    return records if isinstance(records, list) else []


def each_row(change):
    def lie(content):
        for row in rows_of(content):
            change(row)
    return lie


def records_become(value):
    def lie(content):
        content["records"] = value(rows_of(content))
    return lie


def numbers_as_text(row):
    for key, value in row.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            row[key] = str(value)


def unknown_enum(row):
    if row.get("dataAttributeEnumValues"):
        row["rawValue"], row["formattedValue"] = 998, "998"


def enum_as_text(row):
    for entry in row.get("dataAttributeEnumValues") or []:
        if entry["valueEnum"] == row["rawValue"]:
            row["rawValue"] = entry["nameEnum"]


def null_values(row):
    for key in ("rawValue", "formattedValue", "timestamp", "lastConnection", "customName", "productName", "name"):
        if key in row:
            row[key] = None


def missing_fields(row):
    for key in ("instance", "dbusServiceType", "code", "formatWithUnit", "idDeviceType", "dataAttributeEnumValues"):
        row.pop(key, None)


def bad_rows(content):
    rows = rows_of(content)
    for place, row in ((0, None), (2, []), (4, "row"), (6, 7), (8, False), (10, {}), (len(rows), None)):
        rows.insert(place, row)


def pop_success(content):
    content.pop("success", None)


def mixed(content):
    each_row(numbers_as_text)(content)
    for row in rows_of(content)[::7]:
        unknown_enum(row)
    bad_rows(content)
    content["num_records"] = str(content.get("num_records", 0))


WRONG_TYPES = {
    "mixed": mixed,
    "records_false": records_become(lambda rows: False),
    "records_null": records_become(lambda rows: None),
    "records_text": records_become(lambda rows: "none"),
    "records_object": records_become(lambda rows: rows[0] if rows else {}),
    "records_keyed": records_become(lambda rows: {str(number): row for number, row in enumerate(rows)}),
    "devices_false": records_become(lambda rows: {"devices": False}),
    "num_records_text": lambda content: content.update(num_records=str(content.get("num_records", 0))),
    "num_records_missing": lambda content: content.pop("num_records", None),
    "num_records_huge": lambda content: content.update(num_records=10 ** 9),
    "strings_for_numbers": each_row(numbers_as_text),
    "unknown_enums": each_row(unknown_enum),
    "enum_text": each_row(enum_as_text),
    "null_values": each_row(null_values),
    "missing_fields": each_row(missing_fields),
    "bad_rows": bad_rows,
    "success_missing": pop_success,
}


def wrong_types(reply, what="mixed"):
    if what == "not_object":
        reply.content = [reply.content]
    else:
        WRONG_TYPES[what](reply.content)
    return reply


ANSWERS = {function.__name__: function for function in (
    status, redirect, truncated_json, damaged_gzip, html200, empty200, success_false, big, translated, wrong_types)}
CONNECTIONS = ("hang", "slow", "drip", "cut", "reset")
