"""An event-socket server for tests, from the protocol: a small FreeSWITCH that has channels, conferences and modules.

Its answers have the wording and the shape that FreeSWITCH's have. It can be told to send in small pieces, to stop in
the middle, and to answer a command with anything.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any, Self
from urllib.parse import quote
from xml.sax.saxutils import escape

GOODBYE = "Disconnected, goodbye.\n"
CHANNEL_FIELDS = tuple(
    re.findall(
        r"\w+",
        """uuid direction created created_epoch name state cid_name cid_num ip_addr dest application application_data
        dialplan context read_codec read_rate read_bit_rate write_codec write_rate write_bit_rate secure hostname
        presence_id presence_data accountcode callstate callee_name callee_num callee_direction call_uuid
        sent_callee_name sent_callee_num initial_cid_name initial_cid_num initial_ip_addr initial_dest
        initial_dialplan initial_context""",
    )
)
LEVELS = ("CONSOLE", "ALERT", "CRIT", "ERR", "WARNING", "NOTICE", "INFO", "DEBUG")
RULE = "=" * 97


def channel(number: int = 1, **fields: Any) -> dict[str, str]:
    """Return a row of the table of channels."""
    row = dict.fromkeys(CHANNEL_FIELDS, "")
    row |= {
        "uuid": str(uuid.UUID(int=number)),
        "direction": "inbound",
        "created": "2026-11-24 10:00:00",
        "created_epoch": "1795514400",
        "name": f"sofia/sipinterface_1/{number}@sub1.example.com",
        "state": "CS_EXECUTE",
        "cid_name": f"Caller {number}",
        "cid_num": str(1000 + number),
        "ip_addr": "192.0.2.21",
        "dest": "3000",
        "application": "park",
        "dialplan": "XML",
        "context": "default",
        "read_codec": "PCMU",
        "read_rate": "8000",
        "hostname": "fs.example.com",
        "presence_id": f"user_{number}@sub1.example.com",
        "callstate": "ACTIVE",
    }
    return row | {name: str(value) for name, value in fields.items()}


def gateway(name: str, *, state: str = "NOREG", status: str = "UP", **tags: Any) -> dict[str, str]:
    """Return what is told of a gateway, by tag; without a STATUS it is as older servers tell of it."""
    told = {
        "name": name,
        "profile": "sipinterface_1",
        "to": f"sip:user@{name}.example.com;transport=udp&x",
        "password": "yes",
        "pingtime": "0.50",
        "state": state,
        "status": status,
        "calls-in": "20",
        "calls-out": "7",
        "failed-calls-in": "1",
        "failed-calls-out": "0",
    }
    return {tag: str(text) for tag, text in {**told, **tags}.items() if text != ""}


class EslServer:
    """Listens on `port` of 127.0.0.1 until it is closed. Its attributes may be changed while it runs."""

    def __init__(self, password: str = "ClueCon", users: dict[str, str] | None = None, port: int = 0) -> None:
        self.password = password
        self.users = users or {}
        self.admits = True
        """Whether the access list has the client."""
        self.permits: Callable[[str], bool] = lambda command: True
        self.answers: dict[str, str | Callable[[str], str]] = {}
        """Answers in place of the server's own, by a whole command or by its first word."""
        self.piece = 0
        """Bytes sent at once; 0 sends everything at once."""
        self.silent_after: int | None = None
        """Bytes of all that is sent on a connection after which nothing more comes."""
        self.cut_after: int | None = None
        """Bytes after which the connection ends."""
        self.received: list[str] = []
        self.channels: dict[str, dict[str, str]] = {}
        self.conferences: dict[str, dict[int, dict[str, Any]]] = {}
        self.profiles = {"sipinterface_1": "RUNNING (0)"}
        self.gateways: list[dict[str, str]] = [gateway("carrier", state="REGED")]
        self.registrations: list[dict[str, str]] = []
        self.events = {"HEARTBEAT", "CHANNEL_CREATE", "CHANNEL_HANGUP", "BACKGROUND_JOB", "DTMF", "CUSTOM", "ALL"}
        """The events that it has; others it leaves out without a word."""
        self.modules = {"mod_sofia", "mod_conference", "mod_dptools", "mod_commands"}
        self.acls = {"loopback.auto": {"127.0.0.1"}}
        self.hostname = "fs.example.com"
        self.variables: dict[str, dict[str, str]] = {}
        """What `uuid_dump` tells of channels beside their names."""
        self.level = 7
        self.paused: set[str] = set()
        self.shutdown = ""
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self.connections: list[Connection] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        return f"esl://127.0.0.1:{self.port}"

    def drop(self) -> None:
        """End all connections, as a FreeSWITCH that is restarted."""
        for each in list(self.connections):
            each.end()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self.drop()
        for thread in self._threads:
            thread.join()
        self._listener.close()

    def fire(self, name: str, body: str = "", **headers: str) -> None:
        """Send an event to whoever asked for it; underscores in names of headers are dashes."""
        event = {"Event-Name": name, "FreeSWITCH-Hostname": "fs.example.com"}
        event |= {key.replace("_", "-"): value for key, value in headers.items()}
        for each in list(self.connections):
            with contextlib.suppress(OSError):
                each.event(event, body)

    def run(self, command: str) -> str:
        """Return the answer to an API command."""
        verb, _, rest = command.partition(" ")
        answer = self.answers.get(command, self.answers.get(verb))
        if answer is not None:
            return answer(command) if callable(answer) else answer
        own = getattr(self, f"_api_{verb}", None)
        return own(rest) if own else f"-ERR {verb} Command not found!\n"

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            self.connections.append(connection := Connection(self, client))
            self._threads.append(threading.Thread(target=connection.serve))
            self._threads[-1].start()

    def _api_status(self, _: str) -> str:
        return (
            "UP 0 years, 1 day, 2 hours, 3 minutes, 4 seconds, 5 milliseconds, 6 microseconds\n"
            "FreeSWITCH (Version 1.8.7  64bit) is ready\n"
            f"42 session(s) since startup\n{len(self.channels)} session(s) - peak 12, last 5min 2 \n"
            "1 session(s) per Sec out of max 30, peak 3, last 5min 1 \n1000 session(s) max\n"
            "min idle cpu 0.00/97.20\nCurrent Stack Size/Max 240K/8192K\n"
        )

    def _api_hostname(self, _: str) -> str:
        return self.hostname

    def _api_version(self, _: str) -> str:
        return "FreeSWITCH Version 1.8.7~64bit ( 64bit)\n"

    def _api_show(self, rest: str) -> str:
        what = rest.removesuffix(" as json")
        if what == rest:
            return "-USAGE: codec|endpoint|application|api|…\n"
        rows = {
            "channels": list(self.channels.values()),
            "calls": [{**each, "b_uuid": ""} for each in self.channels.values()],
            "registrations": self.registrations,
            "modules": [
                {"type": "api", "name": name[4:], "ikey": name, "filename": f"/usr/lib/freeswitch/mod/{name}.so"}
                for name in sorted(self.modules)
            ],
        }.get(what)
        if rows is None:
            return "-USAGE: codec|endpoint|application|api|…\n"
        if not rows:
            return '{"row_count": 0}\n'
        return json.dumps({"row_count": len(rows), "rows": rows}, separators=(",", ":"), ensure_ascii=False)

    def _api_sofia(self, rest: str) -> str:
        match rest.split():
            case ["status"]:
                head = f"{'Name':>25}\t{'   Type'}\t  {'Data':>40}\t{'State'}\n{RULE}\n"
                rows = [
                    f"{name:>25}\tprofile\t  {f'sip:mod_sofia@127.0.0.1:11000/{name}':>40}\t{state}\n"
                    for name, state in self.profiles.items()
                ]
                return f"{head}{''.join(rows)}{RULE}\n{len(rows)} profile 0 aliases\n"
            case ["status", "gateway"]:
                head = f"{'Profile::Gateway-Name':>25}\t{'    Data    ':>32}\tState\tIB Calls(F/T)\tOB Calls(F/T)\n"
                rows = [
                    f"{each['profile']}::{each['name']}\t{each['to']}\t{each['state']}\t1/20\t0/7\n"
                    for each in self.gateways
                ]
                return f"{head}{RULE}\n{''.join(rows)}{RULE}\n{len(rows)} gateways: Inbound(Failed/Total): 1/20\n"
            case ["xmlstatus", "gateway"]:
                told = "".join(
                    "  <gateway>\n"
                    + "".join(f"    <{tag}>{text}</{tag}>\n" for tag, text in each.items())
                    + "  </gateway>\n"
                    for each in self.gateways
                )
                return f'<?xml version="1.0" encoding="ISO-8859-1"?>\n<gateways>\n{told}</gateways>\n'
            case []:
                return "USAGE:\n--------------------\nsofia global siptrace <on|off>\n"
            case ["status", "profile", name]:
                if name not in self.profiles:
                    return "Invalid Profile!\n"
                return f"{RULE}\nName             \t{name}\nDomain Name      \tN/A\nCALLS-IN         \t20\n"
            case ["profile", name, action]:
                return self._profile(name, action)
        return f"Unknown Command [{rest}]\n"

    def _profile(self, name: str, action: str) -> str:
        if action == "start":
            if name == "nowhere":
                return f"Reload XML [Success]\nFailure starting {name}\n"
            self.profiles[name] = "RUNNING (0)"
            return f"Reload XML [Success]\n{name} started successfully\n"
        if name not in self.profiles:
            return f"Invalid Profile [{name}]"
        if action == "rescan":
            return "Reload XML [Success]\n+OK scan complete\n"
        if action == "stop":
            del self.profiles[name]
        return f"Reload XML [Success]\n{'stopping' if action == 'stop' else 'restarting'}: {name}"

    def _api_acl(self, rest: str) -> str:
        ip, _, name = rest.partition(" ")
        return "true" if ip in self.acls.get(name, ()) else "false"

    def _api_module_exists(self, name: str) -> str:
        return str(name in self.modules).lower()

    def _api_xml_locate(self, _: str) -> str:
        lists = "".join(f'<list name="{name}" default="deny"/>\n' for name in self.acls)
        return f'<configuration name="acl.conf">\n<network-lists>\n{lists}</network-lists>\n</configuration>\n'

    def _api_reloadacl(self, _: str) -> str:
        return "+OK acl reloaded\n"

    def _api_reloadxml(self, _: str) -> str:
        return "+OK [Success]\n"

    def _api_load(self, name: str) -> str:
        if not re.fullmatch(r"mod_\w+", name):
            return "+OK Reloading XML\n-ERR [module load file routine returned an error]\n"
        self.modules.add(name)
        return "+OK Reloading XML\n+OK\n"

    def _api_unload(self, name: str) -> str:
        if name not in self.modules:
            return "-ERR [No such module!]\n"
        self.modules.discard(name)
        return "+OK\n"

    def _api_uuid_exists(self, rest: str) -> str:
        return str(rest in self.channels).lower()

    def _api_uuid_dump(self, rest: str) -> str:
        call = rest.removesuffix(" json")
        if call not in self.channels:
            return "-ERR No such channel!\n"
        row = self.channels[call]
        named = {"Event-Name": "CHANNEL_DATA", "Unique-ID": call, "Channel-Name": row["name"]}
        return json.dumps(named | self.variables.get(call, {}))

    def _api_uuid_kill(self, rest: str) -> str:
        call = rest.partition(" ")[0]
        if self.channels.pop(call, None) is None:
            return "-ERR No such channel!\n"
        self.fire("CHANNEL_HANGUP", Unique_ID=call)
        return "+OK\n"

    def _api_uuid_transfer(self, rest: str) -> str:
        words = rest.split(" ")
        if words[0] not in self.channels:
            return "-ERR No such channel!\n"
        self.channels[words[0]]["dest"] = words[2] if words[1].startswith("-") else words[1]
        return "+OK\n"

    def _api_originate(self, rest: str) -> str:
        found = re.match(r"(?:\{(?P<variables>[^}]*)\})?(?P<endpoint>\w+)/(?P<rest>\S+) (?P<to>'[^']*'|\S+)", rest)
        if not found or found["endpoint"] not in ("loopback", "null"):
            return "-ERR CHAN_NOT_IMPLEMENTED\n"
        variables = dict(each.partition("=")[::2] for each in (found["variables"] or "").split(",") if each)
        call = variables.get("origination_uuid") or str(uuid.uuid4())
        self.channels[call] = channel(uuid=call, name=f"{found['endpoint']}/{found['rest']}", dest=found["to"])
        if room := re.match(r"&conference\(([^@)]+)", found["to"]):
            members = self.conferences.setdefault(room[1], {})
            members[max(members, default=0) + 1] = {
                "uuid": call,
                "name": "Anna & Bob",
                "number": "1001",
                "muted": False,
            }
        self.fire("CHANNEL_CREATE", Unique_ID=call, Caller_Caller_ID_Name="Anna: 100%\nBob")
        return f"+OK {call}\n"

    def _api_conference(self, rest: str) -> str:
        match rest.split():
            case ["xml_list"]:
                rooms = "".join(map(self._conference, self.conferences))
                return f'<?xml version="1.0"?>\n<conferences>\n{rooms}</conferences>\n'
            case [name, *_] if name not in self.conferences:
                return f"Conference {name} not found\n"
            case [_, ("kick" | "mute" | "unmute") as verb, *who] if not who or not (
                who[0].isdigit() or who[0] in ("all", "last")
            ):
                return f"{verb} <[member_id|all]|last|non_moderator> [<quiet>]"
            case [name, verb, who]:
                return self._members(self.conferences[name], verb, who)
        return "-ERR Invalid command\n"

    def _members(self, members: dict[int, dict[str, Any]], verb: str, who: str) -> str:
        chosen = [max(members)] if who == "last" else [number for number in members if who in ("all", str(number))]
        if not chosen:
            return f"Non-Existant ID {who}\n"
        for number in chosen:
            members[number]["muted"] = verb == "mute"
            if verb == "kick":
                del members[number]
        return "".join(f"+OK {'kicked' if verb == 'kick' else verb} {number}\n" for number in chosen)

    def _conference(self, name: str) -> str:
        members = "".join(
            f'      <member type="caller">\n        <id>{number}</id>\n        <uuid>{member["uuid"]}</uuid>\n'
            f"        <caller_id_name>{escape(quote(member['name'], safe='&'))}</caller_id_name>\n"
            f"        <caller_id_number>{member['number']}</caller_id_number>\n        <join_time>7</join_time>\n"
            "        <flags><can_hear>true</can_hear>"
            f"<can_speak>{str(not member['muted']).lower()}</can_speak></flags>\n      </member>\n"
            for number, member in self.conferences[name].items()
        )
        facts = f'name="{name}" member-count="1" uuid="room-{name}" running="true" run_time="77"'
        return f"  <conference {facts}>\n    <members>\n{members}    </members>\n  </conference>\n"

    def _api_fsctl(self, rest: str) -> str:
        match rest.split():
            case ["loglevel"]:
                return f"+OK log level: {LEVELS[self.level]} [{self.level}]\n"
            case ["loglevel", level]:
                if not level.isdigit() and level.upper() not in LEVELS:
                    return "-ERR syntax error, log level not set!\n"
                self.level = int(level) if level.isdigit() else LEVELS.index(level.upper())
                return f"+OK log level: {LEVELS[self.level]} [{self.level}]\n"
            case ["pause", *direction]:
                self.paused |= set(direction) or {"inbound", "outbound"}
                return "+OK\n"
            case ["resume", *direction]:
                self.paused -= set(direction) or {"inbound", "outbound"}
                return "+OK\n"
            case ["pause_check", *direction]:
                return str((set(direction) or {"inbound", "outbound"}) <= self.paused).lower()
            case ["shutdown_check"]:
                return str(self.shutdown not in ("", "cancel")).lower()
            case ["shutdown", *how]:
                self.shutdown = " ".join(how)
                return "+OK\n"
        return "-ERR Invalid command\nUSAGE: fsctl …\n"


class Connection:
    """One client."""

    def __init__(self, server: EslServer, client: socket.socket) -> None:
        self._server = server
        self._client = client
        self._lock = threading.Lock()
        self._sent = 0
        self._form = "plain"
        self._wanted: set[str] = set()
        self._filters: list[tuple[str, str]] = []

    def serve(self) -> None:
        with self._client, contextlib.suppress(OSError):
            if not self._server.admits:
                self._frame({"Content-Type": "text/rude-rejection"}, "Access Denied, go away.\n")
            else:
                self._converse()
            self._frame({"Content-Type": "text/disconnect-notice"}, GOODBYE)
        self._server.connections.remove(self)

    def end(self) -> None:
        with contextlib.suppress(OSError):
            self._client.shutdown(socket.SHUT_RDWR)

    def event(self, event: dict[str, str], body: str) -> None:
        if not self._wanted & {"ALL", event["Event-Name"], event.get("Event-Subclass", "")}:
            return
        if self._filters and not any(event.get(header) == value for header, value in self._filters):
            return
        if self._form == "json":
            text = json.dumps({**event, **({"_body": body} if body else {})}, ensure_ascii=False)
        else:
            lines = [f"{header}: {quote(value, safe=' /@:()') or '_undef_'}\n" for header, value in event.items()]
            text = "".join(lines) + (f"Content-Length: {len(body.encode())}\n\n{body}" if body else "\n")
        self._frame({"Content-Type": f"text/event-{self._form}"}, text)

    def _converse(self) -> None:
        self._frame({"Content-Type": "auth/request"})
        with self._client.makefile("rb") as lines:
            while True:
                request = []
                while (line := lines.readline()) not in (b"\n", b"\r\n", b""):
                    request.append(line.decode().rstrip("\r\n"))
                if not request:
                    if not line:
                        return
                    continue
                self._server.received.append(request[0])
                if not request[0].startswith(("auth ", "userauth ")):
                    self._command(request[0], dict(each.split(": ", 1) for each in request[1:]))
                elif not self._is_welcome(request[0]):
                    self._reply("-ERR invalid")
                    return
                else:
                    self._reply("+OK accepted")

    def _is_welcome(self, login: str) -> bool:
        if login.startswith("auth "):
            return login == f"auth {self._server.password}"
        return login in [f"userauth {name}:{password}" for name, password in self._server.users.items()]

    def _command(self, command: str, headers: dict[str, str]) -> None:
        verb, _, rest = command.partition(" ")
        if verb in ("api", "bgapi") and not self._server.permits(rest):
            self._reply("-ERR permission denied")
        elif verb == "api":
            self._frame({"Content-Type": "api/response"}, self._server.run(rest) or "-ERR no reply\n")
        elif verb == "bgapi":
            job = headers.get("Job-UUID") or str(uuid.uuid4())
            # FreeSWITCH's job may end before its beginning is told.
            answer = self._server.run(rest)
            self._server.fire("BACKGROUND_JOB", answer, Job_UUID=job, Job_Command=rest.split(" ")[0])
            self._frame({"Content-Type": "command/reply", "Reply-Text": f"+OK Job-UUID: {job}", "Job-UUID": job})
        elif verb == "event":
            form, *names = rest.split()
            wanted = names if "CUSTOM" in names else [name for name in names if name in self._server.events]
            self._form, self._wanted = form, self._wanted | set(wanted)
            self._reply(f"+OK event listener enabled {form}" if wanted else "-ERR no keywords supplied")
        elif verb == "filter":
            header, _, value = rest.partition(" ")
            self._filters.append((header, value))
            self._reply(f"+OK filter added. [{header}]=[{value}]")
        else:
            self._reply("-ERR command not found")

    def _reply(self, text: str) -> None:
        self._frame({"Content-Type": "command/reply", "Reply-Text": text})

    def _frame(self, headers: dict[str, str], body: str = "") -> None:
        content = body.encode()
        if content:
            headers = {**headers, "Content-Length": str(len(content))}
        self.send("".join(f"{name}: {value}\n" for name, value in headers.items()).encode() + b"\n" + content)

    def send(self, data: bytes) -> None:
        """Send bytes as the server was told to."""
        server = self._server
        with self._lock:
            for at in range(0, len(data), server.piece or len(data)):
                piece = data[at : at + (server.piece or len(data))]
                for limit in (server.silent_after, server.cut_after):
                    if limit is not None:
                        piece = piece[: max(0, limit - self._sent)]
                self._client.sendall(piece)
                self._sent += len(piece)
                if server.cut_after is not None and self._sent >= server.cut_after:
                    self.end()
                    raise OSError("cut")
                if server.piece:
                    time.sleep(0)
