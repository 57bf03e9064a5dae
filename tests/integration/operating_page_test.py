"""docs/operating.md taken at its word: its commands, in its order, from nothing to a delivered package."""

import json
import re
import shutil
import unittest

from studio.case import SOURCE, StudioCase, program_path
from studio.process import Program, ProgramSet, wait_until
from studio.studio import free_ports

PROGRAMS = ("crossdock", "crossdock-orchestrator", "crossdock-agent", "crossdock-relay")
# What stays in the foreground, and what it says when it is there.
READY = {"crossdock-orchestrator": "orchestrator is ready", "crossdock-relay": "relay is ready", "crossdock-agent": "agent is ready"}
FOREGROUND = re.compile(r"^(crossdock-\w+) --config (\S+)$", re.MULTILINE)


def blocks():
    """The page's fenced blocks: {section's number: [(language, text)]}."""
    page = (SOURCE / "docs" / "operating.md").read_text(encoding="utf-8")
    sections = re.split(r"^## ", page, flags=re.MULTILINE)[1:]
    return {section[0]: re.findall(r"^```(\w+)\n(.*?)^```$", section, re.MULTILINE | re.DOTALL) for section in sections if section[0].isdigit()}


class OperatingPageTest(StudioCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.home = cls.account.make_directory(cls.directory / "host")
        cls.bin = [cls.account.stage(program_path(name), cls.directory) for name in PROGRAMS][0].parent
        shutil.copytree(SOURCE / "deploy", cls.home / "deploy")
        for path in (cls.home / "deploy").rglob("*"):
            cls.account.own(path, 0o755 if path.is_dir() else 0o644)
        cls.account.own(cls.home / "deploy", 0o755)
        cls.postgres = cls.start_postgres("postgres")
        cls.running = ProgramSet()
        cls.addClassCleanup(cls.stop_all)

    @classmethod
    def stop_all(cls):
        complaints = cls.running.stop()
        if complaints:
            raise AssertionError("\n".join(complaints))

    def localised(self, text, site):
        """The page speaks of hosts, and of /etc and /var; here is one host, and a directory."""
        agents, api, *ports = self.ports
        lan, wan = ports[:2] if site == "lon" else ports[2:]
        for page, here in (("orch.demo.studio:7411", f"localhost:{api}"), ("--dns orch.demo.studio", "--dns localhost"), ("10.2.0.5:7420", f"127.0.0.1:{lan}"),
                           ("relay.van.studio:7421", f"127.0.0.1:{wan}"), ("/etc/crossdock", f"{self.home}/etc/{site}"),
                           ("/var/lib/crossdock", f"{self.home}/var/{site}"), ("createuser", f"createuser {self.server}"),
                           ("createdb", f"createdb {self.server}"), ("ed25519:…      #", f"{self.key['sam']}      #")):
            text = text.replace(page, here)
        return re.sub(r"\bvan\b|\bvan(?=-r1|\.keys)", site, text) if site == "lon" else text

    def shell(self, text, site="van", person="olga"):
        """Runs a block; what it would leave in the foreground is started instead. Returns what it said."""
        said = []
        for part in re.split(r"(?m)^(?=crossdock-\w+ --config \S+$)", self.localised(text, site)):
            started = FOREGROUND.match(part)
            if started:
                name = f"{site}-{started[1]}"
                program = self.running.start(Program(name, [self.bin / started[1], "--config", started[2]], self.account, self.home, self.logs))
                program.wait_for_record(READY[started[1]])
                part = part[started.end():]
            path = f"export PATH={self.bin}:{self.postgres.tool('psql').parent}:$PATH HOME={self.home}/{person}\n"
            ran = self.account.run(["/bin/bash", "-c", path + "set -euo pipefail\n" + self.fill_in(part)], self.home, check=False)
            self.assertEqual(ran.returncode, 0, f"{part}\n{ran.stdout}{ran.stderr}")
            said.append(ran.stdout)
            if "--init" in part:
                self.spki = re.search(r"spki: (\w+)", ran.stdout)[1]
        return "".join(said)

    def fill_in(self, text):
        """Behind each example that is copied: what its administrator changes in it. A doctor may find that this host has a problem."""
        text = re.sub(r"(?m)^(crossdock-\w+ --doctor[^#\n]*)", r"\1 || [ $? = 1 ] ", text)
        text = text.replace("SPKI", getattr(self, "spki", "SPKI"))
        return re.sub(r"(?m)^cp (deploy/config/(\w+)\.example\.yaml) (\S+).*$", lambda m: f"cp {m[1]} {m[3]}\n" + self.changes(m[2], m[3]), text)

    def changes(self, kind, path):
        site = path.split("/")[-2]
        agents, api, *ports = self.ports
        lan, wan = ports[:2] if site == "lon" else ports[2:]
        edits = {"orchestrator": ((r"northlight\.studio", "demo.studio"), ('"0{64}"', f'"{self.roster_root}"'), (r"/etc/crossdock", str(self.home)),
                                  (r"^database:.*", f'database: "{self.postgres.uri("crossdock", "crossdock")}"'),
                                  (r"conninfo:.*", f'conninfo: "{self.postgres.uri("assets", "crossdock_connector")}"'),
                                  (r"0\.0\.0\.0:7410", f"127.0.0.1:{agents}"), (r"0\.0\.0\.0:7411", f"127.0.0.1:{api}"), (r"orch\.studio:7410", f"localhost:{agents}")),
                 "relay": ((r"/var/lib/crossdock", f"{self.home}/var/{site}"), (r"10\.1\.2\.3:7420", f"127.0.0.1:{lan}"), (r"0\.0\.0\.0:7421", f"127.0.0.1:{wan}"),
                           (r"# next_hops:.*", "next_hops: [127.0.0.0/8]")),
                 "agent": ((r"lon-1", f"{site}-1"), (r"^site: lon", f"site: {site}"), (r"northlight\.studio", "demo.studio"),
                           (r"/var/lib/crossdock", f"{self.home}/var/{site}"), (r"/mnt/proj", f"{self.home}/proj/{site}"))}[kind]
        return "".join(f"sed -i -E 's|{pattern}|{replacement}|' {path}\n" for pattern, replacement in edits)

    def write_roster(self, text, number, sites):
        names = ", ".join(sites)
        text = text.replace("number: 1 ", f"number: {number} ").replace("[lon, van]", f"[{names}]")
        if sites == ["lon"]:
            text = text.replace(", {id: van, country: CA, certifications: []}", "")
        for field, name in (("olga", "olga"), ("sam", "sam")):
            text = re.sub(rf'(name: {field}, key: )"ed25519:…"', rf'\1"{self.key[name]}"', text)
        self.account.write(self.home / "roster.yaml", text.replace('"ed25519:…"', f'"{self.key["paula"]}"'))

    def test_from_nothing_to_a_delivered_package(self):
        page = blocks()
        self.ports = free_ports(6)
        self.server = f"-h {self.postgres.socket_directory} -p {self.postgres.port} -U postgres"
        self.key = {"sam": "", "olga": "", "paula": ""}
        for directory in ("etc/hub", "etc/lon", "etc/van", "var/lon", "var/van", "proj/lon", "proj/van"):
            for path in reversed([self.home / directory, *[p for p in (self.home / directory).parents if self.home in p.parents]]):
                self.account.make_directory(path)

        (_, keys), (_, fill_in), (_, roster), (_, sign) = page["1"]
        line = re.search(r"^{person: paula, .*}$", self.shell(keys), re.MULTILINE)[0]
        self.key = {name: self.shell(f"crossdock key show {name}.key").strip() for name in self.key}
        self.shell(fill_in.replace("ed25519:…", self.key["sam"]).replace("{person: paula, …}", line))
        self.roster_root = re.search(r"roster_root: (\w+)", self.shell(sign))[1]

        (_, certificates), = page["2"]
        self.shell(certificates)
        issue = re.search(r"^crossdock ca issue-user olga.*$", certificates, re.MULTILINE)[0]
        for person in ("sam", "paula"):
            self.shell(issue.replace("olga", person))

        (_, start), (_, cli), (_, hand_in) = page["3"]
        for person in self.key:
            directory = self.home / person / ".config" / "crossdock"
            for path in (self.home / person, directory.parent, directory):
                self.account.make_directory(path)
            self.account.write(directory / "cli.yaml", self.localised(cli, "van").replace("olga", person))
            self.shell(f"cp ca.pem {person}.pem {person}.tls.key {directory}/")
        self.postgres.create_database("assets")
        contract = SOURCE / "deploy" / "asset_db"
        for file in (contract / "crossdock.sql", SOURCE / "deploy" / "demo" / "studio.sql", contract / "grants.sql"):
            self.postgres.run_file(file, "assets")
        self.shell(start, "hub")
        self.shell(hand_in)

        for site in ("lon", "van"):
            if site == "van":
                self.write_roster(roster, 7, ["lon", "van"])  # above what the commands of section 1 have counted up to
                self.shell(sign.replace("roster-1", "roster-2") + hand_in.replace("roster-1", "roster-2"))
            for _, block in page["4"]:
                self.shell(block, site, "sam")

        shutil.copy(SOURCE / "deploy" / "demo" / "policy" / "northlight.yaml", self.home / "northlight.yaml")
        self.account.own(self.home / "northlight.yaml", 0o644)
        for _, block in page["5"]:
            self.shell(block)
        (_, trigger), (_, apply) = page["6"]
        self.account.write(self.home / "studio.yaml", trigger)
        package = self.account.make_directory(self.home / "proj/lon/northlight/nl_010_0020/v1")
        for path in (package.parent, package.parent.parent):
            self.account.own(path, 0o700)
        self.account.write(package / "a.exr", b"content")
        self.postgres.execute("insert into studio.version (code, shot, name, status, publisher, path) values "
                              "('nl_010_0020_comp_v009', 'nl_010_0020', 'comp', 'review', 'ana', 'northlight/nl_010_0020/v1')", "assets")
        take, ask = apply.strip().splitlines()
        self.shell(take)
        self.postgres.execute("update studio.version set status = 'ready' where code = 'nl_010_0020_comp_v009'", "assets")
        self.assertIn("comp-to-vancouver", self.shell(ask.replace("nl_010_0010_comp_v003", "nl_010_0020_comp_v009")))
        transfer = self.wait_for_state("AWAITING_APPROVAL")
        self.shell(f"crossdock approval approve {transfer} --sign-with paula.key --approver paula --yes", person="paula")
        self.wait_for_state("CLOSED")
        self.assertEqual((self.home / "proj/van/northlight/nl_010_0020/v1/a.exr").read_bytes(), b"content")
        self.verify_by_hand(transfer)

    def verify_by_hand(self, transfer):
        """docs/security.md, where it says how to verify an approval and the roster with openssl alone."""
        page = (SOURCE / "docs" / "security.md").read_text(encoding="utf-8")
        block, = re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
        block = block.replace("psql ", f"psql {self.server} ").replace("t-…", transfer).replace("roster-N", "roster-2")
        said = self.shell(block)
        self.assertEqual(said.count("Signature Verified Successfully"), 2, said)
        for file, line in (("approval.signed", r"^signature: (\w+) "), ("roster-2.signed", r"^body_sha256: (\w+)$")):
            signed = (self.home / file).read_text(encoding="utf-8")
            self.assertIn(re.search(line, signed, re.MULTILINE)[1], said)
        forged = block.replace("d' approval.signed", "d;s/^decision: approve/decision: deny/' approval.signed")
        self.assertNotEqual(forged, block)
        with self.assertRaises(AssertionError):
            self.shell(forged)

    def wait_for_state(self, state):
        seen = []

        def there():
            seen[:] = json.loads(self.shell("crossdock transfer list --json")).get("transfers", [])
            return bool(seen) and seen[0]["state"] == f"TRANSFER_STATE_{state}"
        wait_until(there, 60, lambda: f"no transfer is {state}: {seen}\n" + self.shell("crossdock agent list; crossdock relay list; crossdock event list"))
        return seen[0]["transfer"]


if __name__ == "__main__":
    unittest.main()
