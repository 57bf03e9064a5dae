"""The rules of the source tree that no compiler knows. Pure: text in, complaints out."""

import re

# Which folder may include which; every folder may include itself, and lib/base and lib/yaml know nothing of our domain.
_LIBRARIES = {
    "lib/base": set(),
    "lib/yaml": {"lib/base"},
    "lib/host": {"lib/base", "lib/yaml"},  # rates and durations as people write them
    "lib/pg": {"lib/base"},
    "lib/wire": {"lib/base"},
    "lib/mhl": {"lib/base"},
    "lib/transparency": {"lib/base"},
    "lib/oidc": {"lib/base"},
    "lib/https": {"lib/base"},
    "lib/mail": {"lib/base"},
    "lib/policy": {"lib/base", "lib/yaml"},
    "lib/trust": {"lib/base", "lib/yaml"},  # the roster's body is YAML
    "lib/net": {"lib/base", "lib/wire"},
    "lib/rpc": {"lib/base", "lib/net", "proto"},
    "lib/pki": {"lib/base", "lib/trust"},
    "lib/clearance": {"lib/base", "lib/yaml", "lib/policy", "lib/trust"},
}
_EVERY_LIBRARY = set(_LIBRARIES)
_CORE = _EVERY_LIBRARY - {"lib/rpc", "lib/pg", "lib/net", "lib/host", "lib/https", "lib/mail"}  # a core is pure

ARROWS = {
    **_LIBRARIES,
    "orchestrator/core": _CORE,
    "orchestrator/store": _EVERY_LIBRARY - {"lib/rpc"} | {"orchestrator/core", "sql"},
    "orchestrator/audit": _CORE | {"lib/pg", "orchestrator/core", "orchestrator/store"},
    # What the doors and the duties share: it calls the store, they call it.
    "orchestrator/engine": _EVERY_LIBRARY - {"lib/rpc"} | {"orchestrator/core", "orchestrator/store"},
    "agent/core": _CORE - {"lib/pki"},
    "agent/storage": _EVERY_LIBRARY - {"lib/pki", "lib/pg", "lib/rpc"} | {"agent/core"},
    "agent/record": {"lib/base", "lib/wire", "lib/mhl", "agent/core", "agent/storage"},
    "agent/release": {"lib/base"},
    "agent/transfer": _EVERY_LIBRARY - {"lib/pki", "lib/pg", "lib/rpc"} | {"agent/core", "agent/storage", "agent/record"},
    "agent/legs": _EVERY_LIBRARY - {"lib/pki", "lib/pg", "lib/rpc"} | {"agent/core", "agent/transfer"},
    "agent/trust": _EVERY_LIBRARY - {"lib/pki", "lib/pg", "lib/rpc", "lib/net"} | {"agent/core"},
    "agent/tasks": _EVERY_LIBRARY - {"lib/pki", "lib/pg", "lib/rpc"} | {"agent/core", "agent/storage", "agent/record", "agent/release", "agent/transfer", "agent/legs", "agent/trust"},
    "agent/session": _EVERY_LIBRARY - {"lib/pki", "lib/pg"} | {"agent/core", "proto"},
    "agent/witness": {"lib/base", "lib/transparency", "agent/core"},
    "agent/doctor": {"lib/base", "lib/host", "agent/core", "agent/storage"},
    # lib/pki: a newcomer makes its own certificate request.
    "agent": _EVERY_LIBRARY - {"lib/pg"} | {"agent/core", "agent/storage", "agent/transfer", "agent/legs", "agent/trust", "agent/tasks", "agent/session", "agent/doctor", "agent/witness", "proto"},
    "relay": {"lib/base", "lib/host", "lib/net", "lib/wire", "lib/trust", "lib/yaml"},
    "cli": _EVERY_LIBRARY - {"lib/pg"} | {"proto"},
}
_BELOW_THE_DOORS = _EVERY_LIBRARY | {"orchestrator/core", "orchestrator/store", "orchestrator/audit", "orchestrator/engine"}
for _door in ("intake", "intake/postgres", "loops"):
    ARROWS[f"orchestrator/{_door}"] = _BELOW_THE_DOORS - {"lib/rpc"}
ARROWS["orchestrator/identity"] = {"lib/base", "lib/oidc"}
ARROWS["orchestrator/notify"] = {"lib/base", "lib/mail"}
ARROWS["orchestrator/intake"].add("orchestrator/intake/postgres")
ARROWS["orchestrator/api"] = _BELOW_THE_DOORS | {"proto"}
ARROWS["orchestrator"] = _BELOW_THE_DOORS | {"orchestrator/api", "orchestrator/identity", "orchestrator/notify", "orchestrator/intake", "orchestrator/intake/postgres", "orchestrator/loops", "proto"}

# Headers of others that only some folders may see.
_FOREIGN = {
    "pqxx": ({"lib/pg", "orchestrator/store", "orchestrator/intake/postgres"}, "libpqxx"),
    "grpcpp": ({"lib/rpc", "orchestrator/api", "agent/session", "cli", "orchestrator", "agent"}, "gRPC"),
    "grpc": ({"lib/rpc", "orchestrator/api", "agent/session", "cli", "orchestrator", "agent"}, "gRPC"),
}

_INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]')
_CLOCK = re.compile(r"\b(?:system_clock::now|steady_clock::now|high_resolution_clock::now|sleep_for|sleep_until|usleep|nanosleep|clock_gettime|"
                    r"gettimeofday|absl::Now|absl::SleepFor|time\((?:nullptr|NULL|0)\))")
_SQL = re.compile(r"\b(?:SELECT\s[^\"]*\sFROM|INSERT\s+INTO|UPDATE\s+\w+\s+SET|DELETE\s+FROM)\s", re.IGNORECASE)
_SORTED = re.compile(r"\bORDER\s+BY\s+((?:(?!\bLIMIT\b|\bFOR\b|\)).)*)", re.IGNORECASE | re.DOTALL)
_STRING = re.compile(r'R"(\w*)\((.*?)\)\1"|"((?:[^"\\\n]|\\.)*)"', re.DOTALL)
_COMMENT = re.compile(r"//[^\n]*|/\*.*?\*/", re.DOTALL)
_FUNCTION = re.compile(r"^(?:  )?(?!if|for|while|switch|else|do |catch|namespace|class|struct|enum|constexpr|\})[A-Za-z~].*\).*\{$")
_VAGUE = {"util", "utils", "common", "helper", "helpers", "manager", "managers"}
_DECLARED = re.compile(r"^\s*(?:class|struct|namespace|enum(?:\s+class)?)\s+(\w+)", re.MULTILINE)

SQL_FOLDERS = {"orchestrator/store", "orchestrator/intake/postgres"}
# (file, word): why it stands there.
CLOCK_EXCEPTIONS = {
    ("lib/rpc/server.cc", "system_clock::now"): "gRPC takes deadlines as points of the system clock",
    ("lib/rpc/channel.cc", "system_clock::now"): "gRPC takes deadlines as points of the system clock",
}
FILE_LINES = 400
FUNCTION_LINES = 70


def folder_of(path):
    return path.rpartition("/")[0]


def _spaces(match):
    return re.sub(r"[^\n]", " ", match[0])


def _code(text):
    """The text with comments blanked out and every line where it was; strings stay."""
    def blank(match):
        return match[0] if match[0].startswith(('"', 'R"')) else _spaces(match)
    return re.sub(_STRING.pattern + "|" + _COMMENT.pattern, blank, text, flags=re.DOTALL)


def _line(text, position):
    return text.count("\n", 0, position) + 1


def arrows(path, text):
    """Includes that the architecture does not allow."""
    folder = folder_of(path)
    allowed = ARROWS.get(folder)
    if allowed is None:
        return [f"{path}:1: the folder {folder} is not in the architecture: say in tests/lint/rules.py what it may include"]
    complaints = []
    for number, line in enumerate(text.splitlines(), 1):
        match = _INCLUDE.match(line)
        if not match:
            continue
        header = match[1]
        first = header.split("/")[0]
        if first in _FOREIGN and folder not in _FOREIGN[first][0]:
            complaints.append(f"{path}:{number}: {folder} may not know {_FOREIGN[first][1]} (<{header}>)")
            continue
        if first == "crossdock" or header.endswith(".pb.h") and first != "google":
            target = "proto"
        elif first in ("lib", "orchestrator", "agent", "relay", "cli", "sql", "tests"):
            target = folder_of(header)
        else:
            continue
        if target != folder and target not in allowed:
            complaints.append(f"{path}:{number}: {folder} may not include {target} ({header})")
    return complaints


def sql_in_its_place(path, text):
    if folder_of(path) in SQL_FOLDERS:
        return []
    code = _code(text)
    return [f"{path}:{_line(code, string.start())}: SQL stands only in {' and '.join(sorted(SQL_FOLDERS))}"
            for string in _STRING.finditer(code) if _SQL.search(string[2] or string[3] or "")]


def sorted_as_stored(path, text):
    """ORDER BY x means the output column x where there is one: of `x::text` the text, in which 1000 comes before 999."""
    code = _code(text)
    complaints = []
    for string in _STRING.finditer(code):
        query = string[2] or string[3] or ""
        texts = set(re.findall(r"(?<![\w.$'])(\w+)::text\s*(?=,|\bFROM\b)", query))
        complaints += [f"{path}:{_line(code, string.start())}: ORDER BY {column} sorts text; name the table too"
                       for order in _SORTED.finditer(query) for column in re.findall(r"(?<![\w.])(\w+)(?=\s*(?:,|ASC\b|DESC\b|$))", order[1].strip(), re.IGNORECASE)
                       if column in texts]
    return complaints


def no_clock(path, text):
    if folder_of(path) == "lib/base":
        return []
    code = _STRING.sub(_spaces, _code(text))
    return [f"{path}:{_line(code, match.start())}: {match[0]}: time is a parameter, and nothing sleeps; take a base::Clock or a "
            "base::PeriodicLoop" for match in _CLOCK.finditer(code) if (path, match[0]) not in CLOCK_EXCEPTIONS]


def clear_names(path, text):
    complaints = [f"{path}:1: '{part}' says nothing in a file's name" for part in re.split(r"[/_.]", path) if part.lower() in _VAGUE]
    code = _code(text)
    for match in _DECLARED.finditer(code):
        vague = [word for word in re.findall(r"[A-Z]?[a-z]+", match[1]) if word.lower() in _VAGUE]
        complaints += [f"{path}:{_line(code, match.start(1))}: '{word}' says nothing in the name {match[1]}" for word in vague]
    return complaints


def long_parts(path, text):
    """Warnings: what is longer than a reader likes."""
    lines = text.splitlines()
    warnings = [f"{path}: {len(lines)} lines; is it one thing?"] if len(lines) > FILE_LINES else []
    opened = None  # (line, indentation, text) of the function that is open; the formatter puts its end at the same indentation
    for number, line in enumerate(lines, 1):
        indentation = line[:len(line) - len(line.lstrip())]
        if opened is None and _FUNCTION.match(line):
            opened = (number, indentation, line.strip())
        elif opened and line.startswith(opened[1] + "}"):
            if number - opened[0] > FUNCTION_LINES:
                warnings.append(f"{path}:{opened[0]}: {number - opened[0]} lines in one function ({opened[2][:60]})")
            opened = None
    return warnings


RULES = (arrows, sql_in_its_place, sorted_as_stored, no_clock, clear_names)
