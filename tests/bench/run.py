"""The benchmark of MediLink: `make bench` runs it, docs/performance.md explains it."""

import argparse
import concurrent.futures
import datetime
import json
import pathlib
import platform
import random
import statistics
import subprocess
import sys
import threading
import time

import data
from processes import Api, Postgres, Process, Sqlite, make_people, serve

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PASSWORD = "benchmark of MediLink"


class Target:
    """A running server with a data set, and what can be asked of it."""

    def __init__(self, server, keeper, clinic, appointments):
        self.server, self.keeper, self.clinic, self.appointments = server, keeper, clinic, appointments
        self.random = random.Random(1851)
        self.ids = clinic.appointment_ids(appointments, 2_000)
        self.booked = 0

    def get(self, path):
        return ("GET", path, self.keeper.token, "")

    def doctor(self):
        return self.random.choice(self.clinic.doctors)

    def sign_in(self):
        body = json.dumps({"username": "keeper", "password": PASSWORD})
        return [("POST", "/api/v1/auth/login", "", body)] * 64

    def doctors(self):
        return [self.get("/api/v1/doctors")] * 2

    def one(self):
        return [self.get(f"/api/v1/appointments/{id}") for id in self.random.sample(self.ids, len(self.ids))]

    def filtered(self):
        path = "/api/v1/appointments?doctor_id={}&status=completed&from=2025-06-01T00:00:00Z"
        return [self.get(path.format(self.doctor())) for _ in range(400)]

    def free(self):
        path = "/api/v1/time-slots?doctor_id={}&available=true&from=2035-01-02T00:00:00Z"
        return [self.get(path.format(self.doctor())) for _ in range(400)]

    def booking(self, count=60_000):
        """Each asks for another time: no booking is refused."""
        for _ in range(count):
            number, doctor = divmod(self.booked, data.DOCTORS)
            self.booked += 1
            starts_at = datetime.datetime(2040, 1, 1) + number * data.HALF_HOUR
            body = {
                "doctor_id": str(self.clinic.doctors[doctor]),
                "patient_id": str(self.clinic.patient_of(doctor, number)),
                "starts_at": starts_at.strftime("%Y-%m-%dT%H:%M:%SZ"), "reason": "Cough",
            }
            yield ("POST", "/api/v1/appointments", self.keeper.token, json.dumps(body))

    def mixed(self):
        """Four reads of the three kinds, then a booking."""
        reads = [self.doctors(), self.one(), self.filtered()]
        for number, booking in enumerate(self.booking(30_000)):
            for read in range(4):
                kind = reads[(4 * number + read) % 3]
                yield kind[(4 * number + read) // 3 % len(kind)]
            yield booking


def is_page(answer):
    return isinstance(answer.get("items"), list) and 0 < len(answer["items"]) <= 20 and "next" in answer


#: Name, what is asked, connections, status, shape, whether it creates appointments.
SCENARIOS = {
    "sign-in": (Target.sign_in, 8, 200, lambda it: it["user"]["username"] == "keeper" and it["tokens"], False),
    "doctor list": (Target.doctors, 32, 200, is_page, False),
    "appointment by id": (
        Target.one, 32, 200, lambda it: it["doctor"]["display_name"] and it["reason"] == "Yearly examination", False),
    "appointment list": (
        Target.filtered, 32, 200, lambda it: is_page(it) and all(i["status"] == "completed" for i in it["items"]), False),
    "free slots": (Target.free, 32, 200, lambda it: is_page(it) and all(i["available"] for i in it["items"]), False),
    "booking": (Target.booking, 32, 201, lambda it: it["status"] == "scheduled", True),
    "mixed 80/20": (Target.mixed, 32, None, None, True),
}


def wrk(address, requests, connections, seconds, folder, watch=False):
    """Sends the requests, and returns what wrk says and what was created."""
    file = folder / "requests"
    with file.open("w") as out:
        for request in requests:
            out.write("\t".join(request) + "\n")
    command = ["wrk", "-t2", f"-c{connections}", f"-d{seconds}s", "--timeout", "30s", "-s", HERE / "load.lua",
               f"http://{address[0]}:{address[1]}", "--", file, *(["watch"] if watch else [])]
    said = subprocess.run(command, capture_output=True, text=True)
    lines = said.stdout.splitlines()
    result = next((line for line in lines if line.startswith("RESULT ")), None)
    if result is None:
        raise SystemExit(f"wrk failed: {said.stdout}{said.stderr}")
    created = [line.removeprefix("CREATED ").replace("-", "") for line in lines if line.startswith("CREATED ")]
    return json.loads(result.removeprefix("RESULT ")), created


class Sampler:
    """Asks the same beside the load, now and then, and looks at the whole answer."""

    def __init__(self, target, requests, status, shape):
        self.wrong, self.seen, self.stopping = 0, 0, threading.Event()
        self.thread = threading.Thread(target=self.run, args=(target, requests, status, shape))
        self.thread.start()

    def run(self, target, requests, status, shape):
        api = Api(target.server.address)
        for method, path, token, body in requests:
            if self.stopping.wait(0.1):
                return
            api.token = token
            found, answer = api.call(method, path, json.loads(body) if body else None)
            self.seen += 1
            try:
                is_right = found == status and bool(shape(answer))
            except (KeyError, TypeError, AttributeError):
                is_right = False
            self.wrong += not is_right

    def stop(self):
        self.stopping.set()
        self.thread.join()


def measure(target, name, seconds, folder):
    """Runs one scenario once."""
    requests, connections, status, shape, creates = SCENARIOS[name]
    asked = list(requests(target))
    samples = list(requests(target))[:100] if name == "sign-in" or not creates else []
    sampler = Sampler(target, samples, status, shape or bool)
    before = target.server.cpu_seconds()
    result, created = wrk(target.server.address, asked, connections, seconds, folder, watch=creates)
    cpu = target.server.cpu_seconds() - before
    sampler.stop()
    return {
        "per_second": result["requests"] / result["seconds"], "p50": result["p50"], "p99": result["p99"],
        "cpu_per_1000": cpu / max(1, result["requests"] + sampler.seen) * 1000,
        "wrong": result["refused"] + result["broken"] + sampler.wrong + (result["ran_out"] and creates),
        "sampled": sampler.seen,
    }, created


def yardstick(process, seconds, folder, path="/"):
    result, _ = wrk(process.address, [("GET", path, "", "")] * 2, 32, seconds, folder)
    return result["requests"] / result["seconds"]


def last_page(target, path):
    """Goes through a list to its end, and returns the path of its last page."""
    query = "&" if "?" in path else "?"
    page, before = path, path
    while True:
        answer = target.keeper.expect(200, "GET", f"{page}{'&' if '?' in page else '?'}limit=100")
        if not answer["next"]:
            return before
        before = page = f"{path}{query}cursor={answer['next']}"


#: The lists whose pages must not grow slower with the table.
def lists(target):
    doctor = target.clinic.doctors[7]
    return {
        "doctors": "/api/v1/doctors",
        "appointments": "/api/v1/appointments",
        "appointments of a doctor": f"/api/v1/appointments?doctor_id={doctor}",
        "appointments of a doctor and status": f"/api/v1/appointments?doctor_id={doctor}&status=completed",
        "appointments of a status": "/api/v1/appointments?status=no_show",
        "appointments of a patient": f"/api/v1/appointments?patient_id={target.clinic.patients[77]}",
        "slots of a doctor": f"/api/v1/time-slots?doctor_id={doctor}",
        "free slots of a doctor": f"/api/v1/time-slots?doctor_id={doctor}&available=true",
        "free slots": "/api/v1/time-slots?available=true",
    }


def measure_pages(target, seconds, folder, memory):
    """Measures the first and the last page of every list. Where a list ends is remembered."""
    found = {}
    for name, path in lists(target).items():
        if path not in memory:
            memory[path] = last_page(target, path)
        for page, at in (("first", path), ("last", memory[path])):
            result, _ = wrk(target.server.address, [target.get(at)] * 2, 4, seconds, folder)
            found[f"{name}, {page} page"] = {
                "p50": result["p50"], "p99": result["p99"], "wrong": result["refused"] + result["broken"]}
    return found


def prepared(database, program, folder, mark, appointments):
    """Returns the name of a database with a data set, which is made if need be, and its clinic."""
    name = f"bench_{mark}_{appointments}"
    note = folder / f"{database.name}_{name}.json"
    if not (note.exists() and database.has(name)):
        started = time.perf_counter()
        database.create("making")
        creator = make_people(program, database.url("making"), folder)
        clinic = data.Clinic(data.uuid.UUID(creator))
        fill = data.fill_sqlite if database.name == "SQLite" else data.fill_postgres
        fill(*((folder / "making.db",) if database.name == "SQLite" else (database, "making")), clinic, appointments)
        database.drop(name)
        database.rename("making", name)
        note.write_text(json.dumps({"creator": creator, "pages": {}}))
        say(f"made {appointments:,} appointments on {database.name} in {time.perf_counter() - started:.0f} s")
    noted = json.loads(note.read_text())
    return name, data.Clinic(data.uuid.UUID(noted["creator"])), noted["pages"], note


def checked(database, name, created):
    """Looks for overlaps, and for what was acknowledged and is not there."""
    there = database.all_ids(name)
    return {
        "overlaps": sum(int(database.ask(name, data.overlaps(party))[0]) for party in ("doctor", "patient")),
        "acknowledged": len(created),
        "lost": sum(id not in there for id in created),
    }


def say(text):
    print(text, file=sys.stderr, flush=True)


def bench(database, appointments, options, plain, folder, mark):
    name, clinic, pages, note = prepared(database, options.program, folder, mark, appointments)
    database.copy(name, "running")
    server = serve(options.program, database.url("running"), folder)
    try:
        keeper = Api(server.address).log_in("keeper", PASSWORD)
        target = Target(server, keeper, clinic, appointments)
        rounds, created = {it: [] for it in options.scenarios}, []
        for number in range(options.rounds):
            for scenario in options.scenarios:
                text = yardstick(plain, min(2, options.seconds), folder)
                found, ids = measure(target, scenario, options.seconds, folder)
                rounds[scenario].append({**found, "plain": text, "ratio": found["per_second"] / text})
                created += ids
                say(f"  {database.name} {appointments:>9,} round {number + 1}: {scenario:18}"
                    f"{found['per_second']:>9,.0f}/s  {found['per_second'] / text:.4f} of plain text")
            live = yardstick(server, min(2, options.seconds), folder, "/health/live")
        memory = server.memory_mib()
        found_pages = measure_pages(target, 2, folder, pages) if options.pages else {}
        note.write_text(json.dumps({"creator": str(clinic.creator), "pages": pages}))
    finally:
        server.stop()
    result = {
        "database": database.name, "appointments": appointments, "start_ms": server.start_milliseconds,
        "memory_mib": memory, "live": live, "check": checked(database, "running", created), "pages": found_pages,
        "scenarios": {it: {key: statistics.median(r[key] for r in of_it) if key != "wrong" else sum(r[key] for r in of_it)
                           for key in of_it[0]} for it, of_it in rounds.items()},
    }
    database.drop("running")
    return result


def table(results):
    """Prints what was measured, as Markdown."""
    yield "| database | appointments | scenario | requests/s | of plain text | p50 ms | p99 ms | CPU s/1,000 | wrong |"
    yield "|---|--:|---|--:|--:|--:|--:|--:|--:|"
    for result in results:
        for name, it in result["scenarios"].items():
            yield (f"| {result['database']} | {result['appointments']:,} | {name} | {it['per_second']:,.0f} | "
                   f"{it['ratio']:.4f} | {it['p50']:.2f} | {it['p99']:.2f} | {it['cpu_per_1000']:.3f} | {it['wrong']} |")
    yield ""
    yield "| database | appointments | start ms | memory MiB | acknowledged | lost | overlaps |"
    yield "|---|--:|--:|--:|--:|--:|--:|"
    for result in results:
        check = result["check"]
        yield (f"| {result['database']} | {result['appointments']:,} | {result['start_ms']:.0f} | {result['memory_mib']:.0f} | "
               f"{check['acknowledged']:,} | {check['lost']} | {check['overlaps']} |")
    if any(result["pages"] for result in results):
        yield ""
        yield "| database | list | " + " | ".join(f"p50 ms at {n:,}" for n in sorted({r["appointments"] for r in results})) + " |"
        yield "|---|---|" + "--:|" * len({r["appointments"] for r in results})
        for database in dict.fromkeys(r["database"] for r in results):
            of_it = sorted((r for r in results if r["database"] == database), key=lambda r: r["appointments"])
            for name in of_it[0]["pages"]:
                yield f"| {database} | {name} | " + " | ".join(f"{r['pages'][name]['p50']:.2f}" for r in of_it) + " |"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("program", type=pathlib.Path, help="medilink, as released")
    parser.add_argument("plain", type=pathlib.Path, help="the yardstick")
    parser.add_argument("--sizes", default="1000,100000,1000000", help="how many appointments")
    parser.add_argument("--databases", default="sqlite,postgres")
    parser.add_argument("--scenarios", default=",".join(SCENARIOS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=5, help="of each scenario in a round")
    parser.add_argument("--pages", action="store_true", help="measure first and last pages too")
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "target" / "bench")
    options = parser.parse_args()
    options.program, options.plain = options.program.resolve(), options.plain.resolve()
    options.scenarios = [it for it in options.scenarios.split(",") if it]
    unknown = set(options.scenarios) - set(SCENARIOS)
    if unknown:
        parser.error(f"{', '.join(unknown)}: choose from {', '.join(SCENARIOS)}")
    folder = options.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    mark = data.fingerprint([*(ROOT / "migrations" / "src").glob("*.rs"), HERE / "data.py"])
    plain = Process([str(options.plain)], {}, folder / "plain.log", "/")
    results = []
    try:
        for kind in options.databases.split(","):
            database = {"sqlite": Sqlite, "postgres": Postgres}[kind](folder)
            try:
                for size in options.sizes.split(","):
                    results.append(bench(database, int(size), options, plain, folder, mark))
            finally:
                database.stop()
    finally:
        plain.stop()
    (folder / "results.json").write_text(json.dumps({
        "at": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "machine": platform.machine(), "rounds": options.rounds, "seconds": options.seconds,
        "results": results}, indent=2))
    print("\n".join(table(results)))
    say(f"\nAs JSON: {folder / 'results.json'}")
    is_wrong = any(r["check"]["lost"] or r["check"]["overlaps"] or any(s["wrong"] for s in r["scenarios"].values())
                   or any(p["wrong"] for p in r["pages"].values()) for r in results)
    sys.exit(1 if is_wrong else 0)


if __name__ == "__main__":
    main()
