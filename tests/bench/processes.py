"""The processes of the benchmark: the server, its database, and the yardstick."""

import contextlib
import http.client
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import time

KEY = "benchmark 7vTq2LxN0cYwRk9sHfUe4ZbJ1mGdPa6"


class Api:
    """One connection to the API, for what is not measured."""

    def __init__(self, address, token=""):
        self.connection = http.client.HTTPConnection(*address, timeout=30)
        self.token = token

    def call(self, method, path, body=None):
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if body is not None:
            body, headers["Content-Type"] = json.dumps(body), "application/json"
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text.decode()

    def expect(self, status, method, path, body=None):
        found, answer = self.call(method, path, body)
        if found != status:
            raise SystemExit(f"{method} {path}: {found} instead of {status}: {answer}")
        return answer

    def log_in(self, username, password):
        body = {"username": username, "password": password}
        answer = self.expect(200, "POST", "/api/v1/auth/login", body)
        return Api((self.connection.host, self.connection.port), answer["tokens"]["access"])


class Process:
    """A server that says where it listens. It is killed at the end."""

    def __init__(self, command, environment, log, ready):
        self.log = open(log, "ab")
        self.started = time.perf_counter()
        self.child = subprocess.Popen(
            command, env={"PATH": os.environ["PATH"], **environment}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=self.log, text=True)
        line = self.child.stdout.readline()
        if "http://" not in line:
            raise SystemExit(f"{command[0]} does not start; see {log}")
        host, port = line.strip().rsplit("http://", 1)[1].split(":")
        self.address = (host, int(port))
        status, _ = Api(self.address).call("GET", ready)
        self.start_milliseconds = (time.perf_counter() - self.started) * 1000
        if status != 200:
            raise SystemExit(f"{command[0]} answers {status}")

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.child.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mib(self):
        """What the process holds, with its share of what it shares with others."""
        for line in pathlib.Path(f"/proc/{self.child.pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
        return 0.0

    def stop(self):
        self.child.terminate()
        try:
            self.child.wait(15)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.log.close()


def serve(program, url, folder):
    """Starts MediLink as an operator would, but for the limits."""
    environment = {
        "MEDILINK_DATABASE_URL": url, "MEDILINK_SECRET_KEY": KEY, "MEDILINK_RATE_LIMITS": "off",
        "MEDILINK_ACCESS_TOKEN_MINUTES": "1440", "MEDILINK_LOG": os.environ.get("BENCH_LOG", "warn"),
    }
    command = [str(program), "serve", "--bind", "127.0.0.1:0"]
    return Process(command, environment, folder / "server.log", "/health/ready")


def make_people(program, url, folder):
    """Migrates a database and makes an administrator and a coordinator. Returns the latter's id."""
    environment = {"PATH": os.environ["PATH"], "MEDILINK_DATABASE_URL": url, "MEDILINK_SECRET_KEY": KEY}
    for words, typed in [
        (["migrate", "up"], None),
        (["admin", "create", "--username", "root", "--email", "root@example.org", "--password-stdin"],
         "benchmark of MediLink"),
    ]:
        subprocess.run([str(program), *words], env=environment, input=typed, text=True, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    server = serve(program, url, folder)
    try:
        root = Api(server.address).log_in("root", "benchmark of MediLink")
        body = {"username": "keeper", "email": "keeper@example.org", "role": "coordinator",
                "password": "benchmark of MediLink", "first_name": "Grace", "last_name": "Hopper"}
        return root.expect(201, "POST", "/api/v1/users", body)["id"]
    finally:
        server.stop()


class Sqlite:
    """A SQLite file."""

    name = "SQLite"

    def __init__(self, folder):
        self.folder = folder

    def url(self, name):
        return f"sqlite://{self.folder / name}.db"

    def has(self, name):
        return (self.folder / f"{name}.db").exists()

    def create(self, name):
        self.drop(name)

    def drop(self, name):
        for ending in ("db", "db-wal", "db-shm", "db-turn", "db-next"):
            (self.folder / f"{name}.{ending}").unlink(missing_ok=True)

    def copy(self, name, to):
        self.drop(to)
        shutil.copyfile(self.folder / f"{name}.db", self.folder / f"{to}.db")

    def rename(self, name, to):
        (self.folder / f"{name}.db").rename(self.folder / f"{to}.db")

    def ask(self, name, sql):
        with contextlib.closing(sqlite3.connect(self.folder / f"{name}.db")) as database:
            return [row[0].hex() if isinstance(row[0], bytes) else str(row[0])
                    for row in database.execute(sql)]

    def all_ids(self, name):
        return set(self.ask(name, "SELECT id FROM appointments"))

    def stop(self):
        pass


class Postgres:
    """A PostgreSQL server of the benchmark's own, as durable as any, on a socket."""

    name = "PostgreSQL"

    def __init__(self, folder):
        self.home = folder / "postgres"
        self.log = folder / "postgres.log"
        programs = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        found = shutil.which("initdb") or (programs and str(programs[-1]))
        if not found:
            raise SystemExit("PostgreSQL is missing: make postgres installs it as root on Debian")
        self.programs = pathlib.Path(found).resolve().parent
        if not (self.home / "data" / "PG_VERSION").exists():
            shutil.rmtree(self.home, ignore_errors=True)
            self.home.mkdir(parents=True)
            if os.geteuid() == 0:
                shutil.chown(self.home, "postgres")
            self.run("initdb", "-D", self.home / "data", "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8",
                     "--auth=trust")
        settings = f"-k {self.home} -p 5432 -c listen_addresses= -c shared_buffers=256MB -c max_wal_size=4GB"
        self.run("pg_ctl", "-D", self.home / "data", "-w", "-l", self.home / "log", "-o", settings, "restart")

    def run(self, program, *words):
        # PostgreSQL refuses to run as root.
        user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        with open(self.log, "ab") as log:
            ended = subprocess.run([*user, self.programs / program, *words], cwd="/", stdout=log, stderr=log,
                                   stdin=subprocess.DEVNULL)
        if ended.returncode:
            raise SystemExit(f"{program} failed; see {self.log}")

    def psql(self, name):
        return [str(self.programs / "psql"), "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", str(self.home),
                "-p", "5432", "-U", "postgres", "-d", name]

    def sql(self, name, *statements):
        words = [word for statement in statements for word in ("-c", statement)]
        ended = subprocess.run([*self.psql(name), *words], capture_output=True, text=True)
        if ended.returncode:
            raise SystemExit(f"PostgreSQL refuses: {ended.stderr}")
        return ended.stdout.splitlines()

    @contextlib.contextmanager
    def filling(self, name, command):
        process = subprocess.Popen([*self.psql(name), "-c", command], stdin=subprocess.PIPE, text=True)
        yield process.stdin
        process.stdin.close()
        if process.wait():
            raise SystemExit(f"PostgreSQL refuses {command}")

    def url(self, name):
        return f"postgres://postgres@localhost:5432/{name}?host={self.home}"

    def has(self, name):
        return bool(self.sql("postgres", f"SELECT 1 FROM pg_database WHERE datname = '{name}'"))

    def create(self, name):
        self.drop(name)
        self.sql("postgres", f'CREATE DATABASE "{name}"')

    def drop(self, name):
        self.sql("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def copy(self, name, to):
        self.drop(to)
        self.sql("postgres", f'CREATE DATABASE "{to}" TEMPLATE "{name}" STRATEGY file_copy', "CHECKPOINT")

    def rename(self, name, to):
        self.sql("postgres", f'ALTER DATABASE "{name}" RENAME TO "{to}"')

    def ask(self, name, sql):
        return self.sql(name, sql)

    def all_ids(self, name):
        return {id.replace("-", "") for id in self.sql(name, "SELECT id FROM appointments")}

    def stop(self):
        self.run("pg_ctl", "-D", self.home / "data", "-m", "fast", "-w", "stop")
