"""A whole studio on this machine: PostgreSQL, asset database, officers, CA, orchestrator, two sites with relay and agent each.

Everything is set up as an administrator would, by the programs' own commands; nothing reaches into a database but the asset
database's owner.
"""

import json
import os
import socket
import subprocess
from pathlib import Path

from .account import Account
from .case import SOURCE, program_path
from .postgres import Postgres
from .process import Program, ProgramError, ProgramSet, wait_until

TRUST_DOMAIN = "demo.studio"
SITES = {"lon": "GB", "van": "CA"}
HUB = "hub"  # where the orchestrator, the database and the people are
OFFICER_ROLES = ("roster-signer", "policy-author", "policy-approver", "site-admin", "identity-admin", "operator", "requester", "auditor", "viewer")
TRIGGERS = """schema: crossdock/triggers/v1
triggers:
  - id: comp-to-vancouver
    when: {project: [nl], entity_type: [Version], status: [ready]}
    deliver: {from: lon, to: [van], purpose: comp, priority: 10}
"""


def free_ports(count):
    """That many free ports of 127.0.0.1; all are held until all are found, so that none comes twice."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()


class Loopback:
    """Everything on 127.0.0.1. The other network is wan.network.Network: the sites apart, a long line between them."""

    def account(self, place, account):
        """Whom a place's programs run as: the sites' by their names, everything else in the hub."""
        return account

    def host(self, place):
        return "127.0.0.1"

    def wan_host(self, site):
        return "127.0.0.1"

    def next_hops(self):
        return "127.0.0.0/8"


class Studio:
    """create(), start(), use, stop(). Not thread-safe."""

    def __init__(self, directory, account=None, sites=SITES, network=None, limits=None, more_approvers=()):
        """`limits` are the orchestrator's, beside those that make it quick. `more_approvers` belong to another group than Paula."""
        self.account = account or Account()
        self.network = network or Loopback()
        self.directory = Path(directory)
        self.logs = self.account.make_directory(self.directory / "logs")
        self.admin = self.account.make_directory(self.directory / "admin")
        self.sites = dict(sites)
        self.more_approvers = {name: "" for name in more_approvers}  # with their keys
        self.limits = {"reconcile": "5s", "report": "250ms", "agents_poll": "1s", **(limits or {})}
        self.identity_providers = self.notify = ""  # sections of the orchestrator's configuration
        self.programs = ProgramSet()
        self.postgres = Postgres("postgres", self.account, self.directory / "pg", self.logs)
        ports = free_ports(2 + 2 * len(self.sites))
        self.agents_port, self.api_port = ports[:2]
        self.relay_ports = {site: (ports[2 + 2 * i], ports[3 + 2 * i]) for i, site in enumerate(self.sites)}
        self._binaries = {}

    # -- running things

    def binary(self, name):
        if name not in self._binaries:
            self._binaries[name] = self.account.stage(program_path(name), self.directory)
        return self._binaries[name]

    def run(self, name, *arguments, text_in=None, check=True, deadline=60, place=HUB):
        """One of our programs to its end, as the studio's account."""
        argv = [self.binary(name), *map(str, arguments)]
        try:
            return self.network.account(place, self.account).run(argv, self.directory, text_in, deadline, check)
        except subprocess.CalledProcessError as error:
            raise ProgramError(f"{name} {' '.join(map(str, arguments))}: {error.stderr.strip() or error.stdout.strip()}") from None

    @property
    def server(self):
        return f"{self.network.host(HUB)}:{self.api_port}"

    def connection(self, user="olga"):
        return ("--server", self.server, "--ca", self.admin / "ca.pem", "--cert", self.admin / f"{user}.pem",
                "--key", self.admin / f"{user}.tls.key")

    def cli(self, *arguments, user="olga", **options):
        return self.run("crossdock", *self.connection(user), *arguments, **options)

    def cli_json(self, *arguments, user="olga"):
        return json.loads(self.cli("--json", *arguments, user=user).stdout)

    def offline(self, *arguments):
        return self.run("crossdock", *arguments).stdout

    def storage(self, site):
        return self.directory / site / "proj"

    def program(self, name):
        return self.programs[name]

    # -- setting it up

    def create(self):
        self.make_databases()
        self.make_keys()
        self.write_orchestrator_config()
        for site in self.sites:
            self.make_site(site)
        return self

    def start(self):
        self.start_orchestrator()
        self.hand_in_rules()
        for site in self.sites:
            self.start_relay(site)
        for site in self.sites:
            self.start_agent(site)
        self.wait_for_agents()
        return self

    def stop(self):
        """Ends everything, whatever becomes of it; then ProgramError with what did not end well."""
        complaints = self.programs.stop()
        try:
            self.postgres.stop()
        except ProgramError as error:
            complaints.append(str(error))
        if complaints:
            raise ProgramError("\n".join(complaints))

    def make_databases(self):
        self.postgres.create().start()
        self.postgres.execute("create role crossdock login", "postgres")
        self.postgres.execute("create database crossdock owner crossdock", "postgres")
        self.postgres.create_database("assets")
        contract = SOURCE / "deploy" / "asset_db"
        for file in (contract / "crossdock.sql", SOURCE / "deploy" / "demo" / "studio.sql", contract / "grants.sql"):
            self.postgres.run_file(file, "assets")

    def make_keys(self):
        admin = self.admin
        self.offline("officer", "init", "olga", "--key-file", admin / "olga.key", "--roster", admin / "roster.yaml", "--trust-domain", TRUST_DOMAIN)
        ca = ("--ca-key", admin / "ca.key", "--ca-cert", admin / "ca.pem", "--trust-domain", TRUST_DOMAIN)
        self.offline("ca", "init", *ca)
        for user in ("olga", "paula", *self.more_approvers):
            self.offline("ca", "issue-user", user, *ca, "--out-key", admin / f"{user}.tls.key", "--out-cert", admin / f"{user}.pem")
        self.sam = self.offline("key", "create", admin / "sam.key").strip()
        self.offline("key", "create", admin / "paula.key")
        self.olga = self.offline("key", "show", admin / "olga.key").strip()
        self.paula = self.offline("key", "show", admin / "paula.key").strip()
        for name in self.more_approvers:
            self.offline("key", "create", admin / f"{name}.key")
            self.more_approvers[name] = self.offline("key", "show", admin / f"{name}.key").strip()
        self.write_roster(1)
        orchestrator = self.account.make_directory(self.directory / "orchestrator")
        self.issue_orchestrator(orchestrator / "tls.key", orchestrator / "tls.pem")
        for name in ("ticket", "audit"):
            self.offline("key", "create", orchestrator / f"{name}.key")

    def issue_orchestrator(self, key, certificate):
        self.offline("ca", "issue-orchestrator", "orch-1", "--ca-key", self.admin / "ca.key", "--ca-cert", self.admin / "ca.pem",
                     "--trust-domain", TRUST_DOMAIN, "--out-key", key, "--out-cert", certificate, "--dns", "localhost",
                     "--ip", self.network.host(HUB))

    def write_roster(self, number):
        sites = ", ".join(f"{{id: {site}, country: {country}, certifications: [{{id: tpn-gold, valid_until: \"2030-06-30\"}}]}}"
                          for site, country in self.sites.items())
        more = "".join(f', {{person: {name}, name: "{name.title()}", team: editorial, organisation: northlight, groups: [editorial], keys: ["{key}"]}}'
                       for name, key in self.more_approvers.items())
        self.account.write(self.admin / "roster.yaml", f"""schema: crossdock/roster/v1
number: {number}
expires: "2030-01-01T00:00:00Z"
trust_domain: {TRUST_DOMAIN}
threshold: 1
officers:    [{{name: olga, key: "{self.olga}"}}]
site_admins: [{{name: sam, key: "{self.sam}", sites: [{", ".join(self.sites)}]}}]
sites:       [{sites}]
approvers:   [{{person: paula, name: "Paula P", team: production, organisation: northlight, groups: [show-production], keys: ["{self.paula}"]}}{more}]
paths:       [{{volume: proj, prefix: "northlight/", client: northlight, project: nl, classification: internal}}]
denied:      []
""")
        (self.admin / "roster.signed").unlink(missing_ok=True)
        self.offline("roster", "sign", self.admin / "roster.yaml", "--sign-with", self.admin / "olga.key", "--out", self.admin / "roster.signed")

    def roster_root(self):
        return self.offline("roster", "check", self.admin / "roster.yaml").split("roster_root: ")[1].strip()

    def write_orchestrator_config(self):
        home = self.directory / "orchestrator"
        self.account.write(home / "config.yaml", f"""schema: crossdock/orchestrator/v1
name: orch-1
trust_domain: {TRUST_DOMAIN}
roster_root: "{self.roster_root()}"
database: "{self.postgres.uri('crossdock', 'crossdock')}"
listen: {{agents: "{self.network.host(HUB)}:{self.agents_port}", api: "{self.server}"}}
tls: {{certificate: {home}/tls.pem, key: {home}/tls.key}}
ca: {{certificate: {self.admin}/ca.pem, key: {self.admin}/ca.key}}
ticket_key: {home}/ticket.key
audit_key: {home}/audit.key
asset_databases:
  - {{name: studio, conninfo: "{self.postgres.uri('assets', 'crossdock_connector')}"}}
users:
  - {{name: olga, roles: [{", ".join(OFFICER_ROLES)}]}}
{"".join(f"  - {{name: {name}, roles: [approver, viewer]}}" + chr(10) for name in ("paula", *self.more_approvers))}limits: {{{", ".join(f"{name}: {value}" for name, value in self.limits.items())}}}
{self.identity_providers}{self.notify}""")

    def make_site(self, site):
        home = self.account.make_directory(self.directory / site)
        self.account.make_directory(self.storage(site))
        lan, wan = self.relay_addresses(site)
        self.write_relay_config(home / "relay.yaml", f"{site}-r1", home / "relay", lan, wan)
        self.account.write(home / "agent.yaml", f"""schema: crossdock/agent/v1
agent: {site}-1
site: {site}
trust_domain: {TRUST_DOMAIN}
state: {home}/agent
volumes: {{proj: {{root: {self.storage(site)}}}}}
""")

    def write_relay_config(self, path, name, state, lan, wan):
        # Whoever stops a relay under a transfer wants to see it cut.
        self.account.write(path, f"""schema: crossdock/relay/v1
name: {name}
state: {state}
listen: {{lan: "{lan}", wan: "{wan}"}}
next_hops: [{self.network.next_hops()}]
limits: {{drain: 500ms}}
""")

    def relay_addresses(self, site):
        """(for its agents, for other relays)"""
        lan, wan = self.relay_ports[site]
        return f"{self.network.host(site)}:{lan}", f"{self.network.wan_host(site)}:{wan}"

    # -- starting it

    def _start(self, name, program, config, ready, place=HUB):
        account = self.network.account(place, self.account)
        started = self.programs.start(Program(name, [self.binary(program), "--config", config], account, self.directory, self.logs))
        started.wait_for_record(ready)
        return started

    def start_orchestrator(self):
        return self._start("orchestrator", "crossdock-orchestrator", self.directory / "orchestrator" / "config.yaml", "orchestrator is ready")

    def hand_in_rules(self, policy=SOURCE / "deploy" / "demo" / "policy" / "northlight.yaml"):
        self.cli("roster", "set", self.admin / "roster.yaml", self.admin / "roster.signed")
        self.activate_policy(policy.read_text(encoding="utf-8"), 1)
        self.account.write(self.admin / "triggers.yaml", TRIGGERS)
        self.cli("trigger", "apply", self.admin / "triggers.yaml", "--name", "studio")

    def activate_policy(self, text, number):
        path = self.account.write(self.admin / "policy.yaml", text)
        signed = self.admin / f"policy-{number}.signed"
        self.cli("policy", "propose", path)
        self.offline("policy", "sign", path, "--number", number, "--officer", "olga", "--sign-with", self.admin / "olga.key", "--out", signed)
        self.cli("policy", "activate", signed)

    def start_relay(self, site):
        home = self.directory / site
        relay = self._start_relay(f"{site}-relay", f"{site}-r1", site, home / "relay.yaml", home / "relay", self.relay_addresses(site))
        ticket_key = self.cli("relay", "ticket-key").stdout.strip()
        self.offline("relay", "bundle", "--ticket-key", ticket_key, "--number", 1, "--sign-with", self.admin / "sam.key", "--out", home / "keys.signed")
        self.cli("relay", "keys", site, home / "keys.signed")
        return relay

    def add_relay(self, site, name):
        """One more relay at a site that runs; its agents bring it the keys. Returns when they have."""
        lan, wan = free_ports(2)
        addresses = f"{self.network.host(site)}:{lan}", f"{self.network.wan_host(site)}:{wan}"
        config, state = self.directory / site / f"{name}.yaml", self.directory / site / name
        self.write_relay_config(config, name, state, *addresses)
        relay = self._start_relay(name, name, site, config, state, addresses)
        self.wait_for_relay(name)
        return relay

    def _start_relay(self, program, name, site, config, state, addresses):
        spki = self.run("crossdock-relay", "--init", state, "--site-admin", self.sam).stdout.split("spki: ")[1].split()[0]
        relay = self._start(program, "crossdock-relay", config, "relay is ready", site)
        lan, wan = addresses
        signed = config.with_suffix(".signed")
        self.offline("relay", "statement", name, "--site", site, "--spki", spki, "--lan", lan, "--wan", wan,
                     "--site-admin", "sam", "--sign-with", self.admin / "sam.key", "--out", signed)
        self.cli("relay", "add", signed)
        return relay

    def wait_for_relay(self, name, deadline=30):
        """Until an agent tends it and has nothing to complain of."""
        def ready():
            return any(relay["relay"] == name and relay.get("tended", False) and not relay.get("problem")
                       for relay in self.cli_json("relay", "list").get("relays", []))
        wait_until(ready, deadline, lambda: f"relay {name} is not tended:\n" + self.cli("relay", "list").stdout)

    def make_token(self, site):
        token = self.directory / site / "token"
        self.cli("agent", "grant", "--site", site, "--site-admin", "sam", "--sign-with", self.admin / "sam.key", "--roster", self.admin / "roster.yaml",
                 "--orchestrator", self.server, "--ca-cert", self.admin / "ca.pem", "--out", token, "--register")
        return token

    def start_agent(self, site):
        config = self.directory / site / "agent.yaml"
        token = self.make_token(site)
        self.run("crossdock-agent", "--enrol", "--config", config, text_in=token.read_text(), place=site)
        token.unlink()
        return self._start(f"{site}-agent", "crossdock-agent", config, "agent is ready", site)

    def wait_for_agents(self, deadline=30):
        """Until every agent is online and its relay has the ticket keys."""
        def ready():
            agents = self.cli_json("agent", "list").get("agents", [])
            relays = self.cli_json("relay", "list").get("relays", [])
            return (sum(agent.get("online", False) for agent in agents) == len(self.sites)
                    and sum(relay.get("tended", False) and not relay.get("problem") for relay in relays) == len(self.sites))
        wait_until(ready, deadline, lambda: "the agents or relays did not come up:\n" + self.cli("agent", "list").stdout + self.cli("relay", "list").stdout)

    # -- using it

    def set_status(self, version, status):
        """What an artist or a tool does in the asset database; the only way in which the demo starts anything."""
        self.postgres.execute(f"update studio.version set status = '{status}' where code = '{version}'", "assets")

    def add_version(self, code, shot="nl_010_0010", path=None, site="lon", files=None, status="review", **columns):
        """A version in the asset database, and its files ({name: bytes}) at a site. Returns the code."""
        path = path or f"northlight/{shot}/{code}"
        for name, content in (files or {}).items():
            self.write_file(site, f"{path}/{name}", content)
        row = {"code": code, "shot": shot, "name": code, "status": status, "publisher": "ana", "path": path, **columns}
        values = ", ".join("'" + str(value).replace("'", "''") + "'" for value in row.values())
        self.postgres.execute(f"insert into studio.version ({', '.join(row)}) values ({values})", "assets")
        return code

    def write_file(self, site, path, content):
        """A file of the studio's account on a site's volume; `path` may be bytes."""
        root = os.fsencode(self.storage(site))
        target = os.path.join(root, os.fsencode(path))
        missing, folder = [], os.path.dirname(target)
        while not os.path.exists(folder):
            missing.append(folder)
            folder = os.path.dirname(folder)
        for folder in reversed(missing):
            os.mkdir(folder)
            self.account.own(os.fsdecode(folder), 0o755)
        with open(target, "wb") as file:
            file.write(content)
        self.account.own(os.fsdecode(target), 0o644)
        return target

    def delivery(self, version, site="van"):
        """The row that Crossdock wrote back, or None."""
        rows = self.postgres.rows(f"select state, transfer, note from studio.delivery_status where version = '{version}' and destination = '{site}'", "assets")
        return rows[0] if rows else None

    def transfers(self):
        return self.cli_json("transfer", "list").get("transfers", [])

    def transfer_of(self, version, deadline=30):
        """The newest transfer of a version; waits for it."""
        found = []

        def there():
            found[:] = [one for one in self.transfers() if one["entity"]["id"] == version]
            return bool(found)
        wait_until(there, deadline, lambda: f"no transfer was made of {version}\n{self.cli('event', 'list').stdout}")
        return found[0]

    def wait_for_state(self, transfer, *states, deadline=60):
        """Until it is in one of these states ("CLOSED"); returns the transfer."""
        now = {}

        def there():
            now.update(self.cli_json("transfer", "show", transfer)["transfer"])
            return now["state"].removeprefix("TRANSFER_STATE_") in states
        wait_until(there, deadline, lambda: f"{transfer} is {now.get('state')}, not {states}\n" + self.cli("transfer", "explain", transfer).stdout)
        return now

    def approve(self, transfer, approver="paula", check=True):
        return self.cli("approval", "approve", transfer, "--sign-with", self.admin / f"{approver}.key", "--approver", approver, "--yes",
                        user=approver, check=check)

    def wait_for_report(self, version, state, deadline=20):
        """Until the asset database was told this state."""
        wait_until(lambda: (self.delivery(version) or {}).get("state") == state, deadline,
                   lambda: f"the asset database was told {self.delivery(version)} of {version}, not {state}")

    def wait_for_events(self, entity, count, outcome=None, deadline=20):
        """Until `count` events of the entity have an outcome (this one); returns them, newest first."""
        found = []

        def there():
            found[:] = [entry for entry in self.cli_json("event", "list").get("entries", []) if entry["event"]["entity_id"] == entity
                        and (entry["outcome"] == outcome if outcome else entry["outcome"] != "EVENT_OUTCOME_WAITING")]
            return len(found) >= count
        wait_until(there, deadline, lambda: f"{len(found)} events of {entity}, not {count}\n{self.cli('event', 'list').stdout}")
        return found

    def wait_for_history(self, transfer, cause, deadline=30):
        wait_until(lambda: any(entry["cause"] == cause for entry in self.cli_json("transfer", "show", transfer).get("history", [])), deadline,
                   lambda: f"{transfer} has no {cause}\n{self.cli('transfer', 'show', transfer).stdout}")

    def wait_for_reason(self, transfer, reason, deadline=20):
        now = {}

        def there():
            now.update(self.cli_json("transfer", "explain", transfer))
            return now["reason"] == reason
        wait_until(there, deadline, lambda: f"{transfer}: {now.get('reason')}, not {reason}")
        return now
