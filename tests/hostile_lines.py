"""Named hostile lines, each with the fate that the rules give it."""

from __future__ import annotations

import json
from typing import NamedTuple

ACCEPTED, FILTERED, BLANK = "accepted", "filtered", "blank"


def source(contract: str = '"A1"', seconds: str = "5", app: str = '"CHANNEL"') -> bytes:
    """A source object of the given JSON tokens."""
    return (
        f'{{"Contract":{contract},"Mac":"0C96","TotalDuration":{seconds},"AppName":{app}}}'.encode()
    )


def hit(contract: str = '"A1"', seconds: str = "5", app: str = '"CHANNEL"') -> bytes:
    """A hit, as Elasticsearch exports it, of the given JSON tokens."""
    return wrap(source(contract, seconds, app))


def wrap(body: bytes, before: bytes = b"", after: bytes = b"") -> bytes:
    """A hit around a source, with more keys before and after it."""
    return b'{%b"_index":"history","_type":"kplus","_source":%b,"_id":"x"%b}' % (
        before,
        body,
        after,
    )


class Line(NamedTuple):
    """A line and what must become of it: accepted, filtered, blank, or the reason to reject it."""

    name: str
    text: bytes
    fate: str


def _seconds_lines() -> list[Line]:
    fates = {
        ACCEPTED: {
            "zero": "0",
            "minus-zero": "-0",
            "minus-zero-point-zero": "-0.0",
            "one": "1",
            "a-day": "86400",
            "more-than-a-day": "86401",
            "the-largest": "2147483647",
            "integral-float": "254.0",
            "the-largest-as-a-float": "2147483647.0",
            "exponent": "1e2",
            "capital-exponent": "1E+2",
            "negative-exponent": "500e-2",
            "exponent-of-zero": "0e9",
            "digits-in-a-string": '"254"',
            "zero-in-a-string": '"0"',
            "leading-zeros-in-a-string": '"007"',
            "the-largest-in-a-string": '"2147483647"',
            "thousands-of-zeros-in-a-string": '"' + "0" * 5000 + '7"',
            "digits-in-escapes": r'"\u0032\u0035"',
        },
        "duration-not-a-number": {
            "null": "null",
            "true": "true",
            "false": "false",
            "list": "[5]",
            "object": '{"value":5}',
            "empty-string": '""',
            "white-space": '" "',
            "word": '"abc"',
            "NaN-in-a-string": '"NaN"',
            "float-in-a-string": '"254.0"',
            "exponent-in-a-string": '"1e2"',
            "negative-in-a-string": '"-5"',
            "plus-in-a-string": '"+5"',
            "padded-string": '" 5"',
            "string-ending-in-a-line-feed": r'"5\n"',
            "underscore-in-a-string": '"1_000"',
            "comma-in-a-string": '"1,000"',
            "hexadecimal-in-a-string": '"0x10"',
            "arabic-digits": '"١٢"',
            "superscript-digit": '"²"',
            "full-width-digit": '"\uff15"',
        },
        "duration-fraction": {"fraction": "254.5", "tiny-fraction": "1e-7", "half": "0.5"},
        "duration-negative": {
            "negative": "-1",
            "negative-fraction": "-0.5",
            "negative-integral-float": "-254.0",
            "minus-2-to-the-63": "-9223372036854775808",
            "minus-1e400": "-1e400",
            "negative-5000-digits": "-" + "9" * 5000,
        },
        "duration-too-large": {
            "one-more-than-the-largest": "2147483648",
            "one-more-than-the-largest-as-a-float": "2147483648.0",
            "2-to-the-32": "4294967296",
            "2-to-the-63": "9223372036854775808",
            "2-to-the-64-and-5": "18446744073709551621",
            "30-digits": "9" * 30,
            "5000-digits": "9" * 5000,
            "1e400": "1e400",
            "1e19": "1e19",
            "too-large-in-a-string": '"2147483648"',
            "2-to-the-64-and-5-in-a-string": '"18446744073709551621"',
            "5000-digits-in-a-string": '"' + "9" * 5000 + '"',
        },
        "not-json": {
            "NaN": "NaN",
            "Infinity": "Infinity",
            "minus-Infinity": "-Infinity",
            "leading-zero": "007",
            "plus-sign": "+5",
            "hexadecimal": "0x10",
            "bare-point": "5.",
            "nothing": "",
            "python-none": "None",
        },
    }
    return [
        Line(f"duration-{name}", hit(json.dumps(f"D {name}"), token), fate)
        for fate, tokens in fates.items()
        for name, token in tokens.items()
    ]


def _contract_lines() -> list[Line]:
    fates = {
        ACCEPTED: {
            "plain": '"HNH579912"',
            "lower-case": '"hnh579912"',
            "mixed-case": '"HnH579912"',
            "leading-zeros": '"007"',
            "digits": '"7"',
            "double-zero": '"00"',
            "integer": "7",
            "negative-integer": "-7",
            "integer-of-20-digits": "18446744073709551616",
            "integer-of-100-digits": "9" * 100,
            "address": '"113.22.7.201"',
            "15-bytes": '"ABCDEFGHIJKLMNO"',
            "16-bytes": '"ABCDEFGHIJKLMNOP"',
            "17-bytes": '"ABCDEFGHIJKLMNOPQ"',
            "200-characters": '"' + "L" * 200 + '"',
            "200-characters-and-one": '"' + "L" * 200 + '1"',
            "5000-characters": '"' + "M" * 5000 + '"',
            "leading-space": '" HNH579912"',
            "trailing-space": '"HNH579912 "',
            "inner-space": '"HNH 579912"',
            "no-break-space-inside": '"HNH\u00a0579912"',
            "tab-inside": r'"HNH\t579912"',
            "line-feed-inside": r'"HNH\n579912"',
            "carriage-return-inside": r'"HNH\r579912"',
            "comma": '"HNH,579912"',
            "quote": r'"HNH\"579912"',
            "quotes-around": r'"\"HNH\""',
            "backslash": r'"HNH\\579912"',
            "solidus-escaped": r'"HNH\/579912"',
            "apostrophe": '"\'HNH"',
            "starts-with-equals": '"=1+1"',
            "starts-with-plus": '"+84912345678"',
            "starts-with-minus": '"-5"',
            "starts-with-at": '"@SUM(A1)"',
            "vietnamese-composed": '"Ti\u1ebfng"',
            "vietnamese-decomposed": '"Tie\u0302\u0301ng"',
            "right-to-left": '"\u05d0\u05d1\u05d2"',
            "emoji": '"\U0001f600"',
            "emoji-in-escapes": r'"\ud83d\ude01"',
            "emoji-family": '"\U0001f468\u200d\U0001f469"',
            "private-use": '"\ue000"',
            "after-the-surrogates": '"\uffff"',
            "largest-code-point": '"\U0010ffff"',
            "delete-character": '"\x7f"',
            "control-character": r'"\u0001"',
            "byte-order-mark-inside": r'"\ufeffHNH"',
            "16-bytes-of-emoji": '"\U0001f600\U0001f600\U0001f600\U0001f600"',
            "escaped-letters": r'"\u0048NH1"',
            "lower-null-word": '"none"',
            "not-quite-zero": '"0.0"',
            "word-nan": '"nan"',
            "NA": '"NA"',
            "true-word": '"true"',
        },
        FILTERED: {
            "empty": '""',
            "zero": '"0"',
            "zero-integer": "0",
            "minus-zero-integer": "-0",
            "None": '"None"',
            "NULL": '"NULL"',
            "null-word": '"null"',
            "space": '" "',
            "white-space": r'" \t\r\n "',
            "no-break-space": '"\u00a0"',
            "ideographic-space": '"\u3000"',
        },
        "contract-missing": {"null": "null"},
        "contract-not-a-string": {
            "true": "true",
            "false": "false",
            "float": "7.5",
            "integral-float": "7.0",
            "exponent": "1e2",
            "list": '["HNH"]',
            "object": '{"id":"HNH"}',
        },
        "contract-holds-nul": {
            "nul": r'"\u0000"',
            "nul-inside": r'"HNH\u00001"',
            "nul-at-the-end": r'"HNH1\u0000"',
        },
        "not-json": {
            "lone-surrogate": r'"\ud800"',
            "lone-low-surrogate": r'"\udc00"',
            "surrogates-the-wrong-way-round": r'"\ude00\ud83d"',
            "surrogate-before-a-letter": r'"\ud83dA"',
            "unknown-escape": r'"\x41"',
            "cut-escape": r'"\u00"',
            "bare-word": "HNH",
            "raw-tab": '"\t"',
            "raw-nul": '"\0"',
            "single-quotes": "'HNH'",
        },
    }
    return [
        Line(f"contract-{name}", hit(token, str(n)), fate)
        for fate, tokens in fates.items()
        for n, (name, token) in enumerate(tokens.items(), 1)
    ]


def _app_lines() -> list[Line]:
    fates = {
        ACCEPTED: {
            "mapped": '"VOD"',
            "in-escapes": r'"VO\u0044"',
            "null": "null",
            "empty": '""',
            "unknown": '"NETFLIX"',
            "lower-case": '"vod"',
            "trailing-space": '"VOD "',
            "nul-inside": r'"VOD\u0000"',
            "long": '"' + "V" * 300 + '"',
            "comma": '"VOD,FIMS"',
            "emoji": '"\U0001f600"',
        },
        "app-not-a-string": {
            "integer": "5",
            "float": "5.5",
            "true": "true",
            "list": '["VOD"]',
            "object": "{}",
        },
        "not-json": {"lone-surrogate": r'"VOD\ud800"'},
    }
    return [
        Line(f"app-{name}", hit(json.dumps(f"P {name}"), "7", token), fate)
        for fate, tokens in fates.items()
        for name, token in tokens.items()
    ]


def _object_lines() -> list[Line]:
    body = source()
    deep = b"[" * 100_000 + b"]" * 100_000
    rejected = {
        "two-objects": (hit() + hit(), "not-json"),
        "two-objects-and-a-space": (hit() + b" " + hit(), "not-json"),
        "trailing-comma": (hit() + b",", "not-json"),
        "trailing-garbage": (hit() + b" garbage", "not-json"),
        "trailing-nul": (hit() + b"\0", "not-json"),
        "cut-in-the-middle": (hit()[:40], "not-json"),
        "closing-brace-missing": (hit()[:-1], "not-json"),
        "one-brace-too-many": (hit() + b"}", "not-json"),
        "comma-before-a-brace": (b'{"_source":' + body + b",}", "not-json"),
        "colon-missing": (b'{"_source" ' + body + b"}", "not-json"),
        "comment": (hit() + b"// done", "not-json"),
        "a-word": (b"hello", "not-json"),
        "the-rest-of-a-cut-line": (hit()[1:], "not-json"),
        "string-and-more": (b'"a" "b"', "not-json"),
        "number-and-more": (b"5 5", "not-json"),
        "list-with-a-brace": (b"[5}", "not-json"),
        "csv": (b"HNH579912,254,KPLUS", "not-json"),
        "xml": (b"<hit/>", "not-json"),
        "byte-order-mark-again": (b"\xef\xbb\xbf" + hit(), "not-json"),
        "no-break-space-before": ("\u00a0".encode() + hit(), "not-json"),
        "form-feed-before": (b"\x0c" + hit(), "not-json"),
        "surrogate-in-an-ignored-value": (wrap(body, after=rb',"x":"\ud800"'), "not-json"),
        "surrogate-in-an-ignored-key": (wrap(body, after=rb',"\ud800":1'), "not-json"),
        "NaN-in-an-ignored-value": (wrap(body, after=b',"x":NaN'), "not-json"),
        "score-of-NaN": (wrap(body, before=b'"_score":NaN,'), "not-json"),
        "list": (b"[" + hit() + b"]", "not-an-object"),
        "number": (b"5", "not-an-object"),
        "string": (b'"hit"', "not-an-object"),
        "null": (b"null", "not-an-object"),
        "bare-source": (body, "source-missing"),
        "empty-object": (b"{}", "source-missing"),
        "source-in-other-case": (b'{"_Source":' + body + b"}", "source-missing"),
        "source-null": (wrap(b"null"), "source-not-an-object"),
        "source-list": (wrap(b"[" + body + b"]"), "source-not-an-object"),
        "source-string": (wrap(json.dumps(body.decode()).encode()), "source-not-an-object"),
        "source-empty": (wrap(b"{}"), "contract-missing"),
        "keys-in-lower-case": (wrap(body.lower()), "contract-missing"),
        "contract-outside-the-source": (
            wrap(b'{"TotalDuration":5}', before=b'"Contract":"A1",'),
            "contract-missing",
        ),
        "duration-absent": (wrap(b'{"Contract":"A1","AppName":"VOD"}'), "duration-missing"),
        "contract-before-duration": (hit("null", "-1"), "contract-missing"),
        "duration-before-app": (hit('"A1"', "-1", "5"), "duration-negative"),
        "nobody-with-bad-seconds": (hit('"0"', "-1"), "duration-negative"),
        "invalid-utf-8": (hit('"X"').replace(b"X", b"\xff"), "not-utf-8"),
        "invalid-utf-8-in-an-ignored-value": (wrap(body, after=b',"x":"\xc3("'), "not-utf-8"),
        "invalid-utf-8-in-a-key": (wrap(body, after=b',"\xfe":1'), "not-utf-8"),
        "latin-1": (wrap(body, after=b',"x":"Truy\xean"'), "not-utf-8"),
        "overlong-solidus": (wrap(body, after=b',"x":"\xc0\xaf"'), "not-utf-8"),
        "surrogate-in-bytes": (wrap(body, after=b',"x":"\xed\xa0\x80"'), "not-utf-8"),
        "beyond-the-last-code-point": (wrap(body, after=b',"x":"\xf4\x90\x80\x80"'), "not-utf-8"),
        "cut-character": (wrap(body, after=b',"x":"\xe1\xba"'), "not-utf-8"),
        "513-deep": (wrap(body, after=b',"x":' + b"[" * 512 + b"]" * 512), "nested-too-deep"),
        "700-deep-and-no-object": (b"[" * 700 + b"]" * 700, "nested-too-deep"),
        "100000-deep-and-never-closed": (b"[" * 100_000, "nested-too-deep"),
        "100000-deep": (wrap(body, after=b',"x":' + deep), "nested-too-deep"),
        "100000-deep-in-the-source": (
            wrap(b'{"x":' + deep + b"," + body[1:]),
            "nested-too-deep",
        ),
    }
    fine = {
        "type-missing": hit().replace(b'"_type":"kplus",', b""),
        "type-capital": hit().replace(b"_type", b"_Type"),
        "512-deep": wrap(body, after=b',"x":' + b"[" * 511 + b"]" * 511),
        "many-brackets-and-none-deep": wrap(body, after=b',"x":[' + b"[]," * 999 + b"{}]"),
        "brackets-in-strings": wrap(body, after=b',"x":"' + rb"[\"{" * 999 + b'"'),
        "score-null": wrap(body, before=b'"_score":null,'),
        "id-before-source": wrap(body, before=b'"_id":"y","_score":0,'),
        "source-first": b'{"_source":' + body + b',"_index":"history"}',
        "source-alone": b'{"_source":' + body + b"}",
        "fields-in-another-order": wrap(
            b'{"AppName":"VOD","TotalDuration":3,"Mac":"0C","Contract":"A1"}'
        ),
        "app-absent": wrap(b'{"Contract":"A1","TotalDuration":3}'),
        "fields-unknown": wrap(body, after=b',"sort":[1,{"a":null}],"fields":{"Contract":["B"]}'),
        "mac-of-another-type": hit().replace(b'"0C96"', b"[1]"),
        "id-of-another-type": hit().replace(b'"_id":"x"', b'"_id":5'),
        "index-of-another-type": hit().replace(b'"history"', b"{}"),
        "spaces-everywhere": hit().replace(b":", b" : ").replace(b",", b" , "),
        "spaces-around": b"  \t" + hit() + b" \t ",
        "carriage-return-at-the-end": hit() + b"\r",
        "key-in-escapes": hit().replace(b'"Contract"', rb'"Contr\u0061ct"'),
        "source-key-in-escapes": hit().replace(b'"_source"', rb'"_so\u0075rce"'),
        "contract-twice": wrap(
            b'{"Contract":"FIRST","Contract":"LAST","TotalDuration":5,"AppName":"VOD"}'
        ),
        "contract-twice-first-of-another-type": wrap(
            b'{"Contract":{},"Contract":"LAST","TotalDuration":5,"AppName":"VOD"}'
        ),
        "contract-twice-once-in-escapes": wrap(
            rb'{"Contract":"FIRST","Contr\u0061ct":"LAST","TotalDuration":5,"AppName":"VOD"}'
        ),
        "duration-twice": wrap(b'{"TotalDuration":-1,"Contract":"LAST","TotalDuration":5}'),
        "app-twice": wrap(b'{"AppName":5,"Contract":"L","TotalDuration":5,"AppName":"VOD"}'),
        "source-twice": wrap(
            b'{"Contract":"FIRST","TotalDuration":9}', after=b',"_source":' + body
        ),
        "source-twice-first-null": wrap(b"null", after=b',"_source":' + body),
        "names-inside-an-ignored-value": wrap(
            body, before=b'"x":{"_source":{"Contract":"NO","TotalDuration":1}},'
        ),
        "names-inside-an-ignored-string": wrap(
            body, before=rb'"x":"\"_source\":{\"Contract\":\"NO\"}",'
        ),
        "names-inside-a-nested-source": wrap(
            b'{"x":{"Contract":"NO","TotalDuration":1},' + body[1:]
        ),
        "braces-inside-a-string": wrap(body, before=rb'"x":"}}]],\"{\\",'),
        "ignored-value-of-1e400": wrap(body, after=b',"x":1e400'),
        "ignored-value-of-5000-digits": wrap(body, after=b',"x":' + b"9" * 5000),
        "100-deep": wrap(body, after=b',"x":' + b"[" * 100 + b"]" * 100),
        "100000-characters-of-string": wrap(body, after=b',"x":"' + b"y" * 100_000 + b'"'),
        "raw-delete-character": wrap(body, after=b',"x":"\x7f"'),
        "line-separator": wrap(body, after=',"x":"\u2028\u0085"'.encode()),
    }
    blank = {"empty": b"", "spaces": b"   ", "tab": b"\t", "carriage-return": b"\r"}
    return [
        *(Line(f"object-{name}", text, fate) for name, (text, fate) in rejected.items()),
        *(Line(f"object-{name}", text, ACCEPTED) for name, text in fine.items()),
        *(Line(f"blank-{name}", text, BLANK) for name, text in blank.items()),
    ]


LINES = [*_seconds_lines(), *_contract_lines(), *_app_lines(), *_object_lines()]
"""Every hostile line; stands well between two ordinary hits of a file of hits."""
