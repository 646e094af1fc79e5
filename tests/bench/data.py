"""The data sets of the benchmark: a clinic of 200 doctors and 20,000 patients, by SQL.

A set is made once for a schema and a size, in a database that the program has migrated, and copied for
each run. Nothing in it depends on the day: what is past lies before 2026, what is to come in 2035.
"""

import csv
import datetime
import hashlib
import random
import sqlite3
import uuid

DOCTORS = 200
PATIENTS = 20_000
HALF_HOUR = datetime.timedelta(minutes=30)
#: How many half hours of a day a doctor works, from eight o'clock on.
HALF_HOURS = 20
PAST = datetime.datetime(2025, 12, 31, 8)
TO_COME = datetime.datetime(2035, 1, 1, 8)
MADE = "2025-12-31T20:00:00+00:00"

SPECIALIZATIONS = ["general", "cardiology", "dermatology", "neurology", "pediatrics", "orthopedics"]
CITIES = ["Boston", "Lagos", "Madrid", "Berlin", "Mumbai", "Sydney"]
FIRST = ["Ada", "Ana", "Carlos", "Emil", "Fatima", "Grace", "Hiroshi", "Ivan", "Lena", "Omar"]
LAST = ["Abebe", "Bauer", "Costa", "Diallo", "Farouk", "Ito", "Kim", "Patel", "Rossi", "Zhang"]


class Ids:
    """Ids as the program makes them: version 7, ascending. The same for the same kind and size."""

    def __init__(self, kind):
        self.random = random.Random(f"medilink {kind}")
        self.millisecond = 1_735_000_000_000

    def __iter__(self):
        return self

    def __next__(self):
        self.millisecond += 1
        bits = self.random.getrandbits(74)
        value = self.millisecond << 80 | 7 << 76 | (bits >> 62) << 64 | 2 << 62 | bits & (1 << 62) - 1
        return uuid.UUID(int=value)


def instant(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S+00:00")


class Clinic:
    """Who there is: the same for every size."""

    def __init__(self, creator):
        self.creator = creator
        ids = Ids("people")
        self.doctors = [next(ids) for _ in range(DOCTORS)]
        self.patients = [next(ids) for _ in range(PATIENTS)]

    def tables(self, appointments):
        """Yields each table: its name, its columns, and its rows."""
        made = {"created_at": MADE, "updated_at": MADE, "version": 1}
        yield "doctors", self.doctor_rows(made)
        yield "doctor_words", self.doctor_words()
        yield "patients", self.patient_rows(made)
        yield "patient_words", self.patient_words()
        yield "time_slots", self.slot_rows(appointments, made)
        yield "appointments", self.appointment_rows(appointments, made)
        yield "appointment_changes", self.change_rows(appointments)

    def doctor_name(self, number):
        return FIRST[number % 10], f"{LAST[number // 10 % 10]}{number:03}"

    def doctor_rows(self, made):
        for number, doctor in enumerate(self.doctors):
            first, last = self.doctor_name(number)
            city = CITIES[number % len(CITIES)]
            yield {
                "id": doctor, "first_name": first, "last_name": last,
                "sort_name": f"{last} {first}".lower(),
                "email": f"doctor{number}@example.com", "phone": f"+1 555 010 {number:04}",
                "specialization": SPECIALIZATIONS[number % len(SPECIALIZATIONS)],
                "license_number": f"BENCH-{number:04}", "years_of_experience": number % 40,
                "qualification": "MD", "bio": "Sees patients on weekdays, from eight to six.",
                "consultation_fee": 12_000, "is_available": True, "is_verified": True,
                "hospital_name": f"{city} General Hospital", "city": city, "city_key": city.lower(),
                "country": "Somewhere", "time_zone": "UTC", "booking": "open", **made,
            }

    def doctor_words(self):
        for number, doctor in enumerate(self.doctors):
            first, last = self.doctor_name(number)
            city = CITIES[number % len(CITIES)]
            for word in {first, last, city, "general", "hospital"}:
                yield {"word": word.lower(), "doctor_id": doctor}

    def patient_rows(self, made):
        for number, patient in enumerate(self.patients):
            first, last = FIRST[number % 10], f"{LAST[number // 10 % 10]}{number:05}"
            yield {
                "id": patient, "created_by": self.creator, "first_name": first, "last_name": last,
                "sort_name": f"{last} {first}".lower(), "email": f"patient{number}@example.com",
                "phone": f"+1 555 020 {number:05}",
                "date_of_birth": f"{1940 + number % 80}-03-{1 + number % 28:02}",
                "gender": "MFON"[number % 4], "blood_group": "O+", **made,
            }

    def patient_words(self):
        for number, patient in enumerate(self.patients):
            words = FIRST[number % 10], f"{LAST[number // 10 % 10]}{number:05}", f"patient{number}@example.com"
            for word in words:
                yield {"word": word.lower(), "patient_id": patient}

    def patient_of(self, doctor, half_hour):
        """Chooses who sees a doctor: at one time, every doctor has another patient."""
        return self.patients[(doctor + DOCTORS * (half_hour * 37 + doctor)) % PATIENTS]

    def slot_rows(self, appointments, made):
        ids = Ids("slots")
        for doctor in self.doctors:
            for number in range(min(2_000, max(200, 2 * appointments // DOCTORS))):
                day, half_hour = divmod(number, HALF_HOURS)
                starts_at = TO_COME + datetime.timedelta(days=day) + half_hour * HALF_HOUR
                yield {
                    "id": next(ids), "doctor_id": doctor, "starts_at": instant(starts_at),
                    "ends_at": instant(starts_at + HALF_HOUR), "blocked": False,
                    "created_by": self.creator, **made,
                }

    def times(self, appointments):
        """Yields doctor, half hour, start and status: nine of ten are over, all days are full."""
        for doctor in range(DOCTORS):
            count = appointments // DOCTORS
            to_come = count // 10
            for number in range(count - to_come):
                day, half_hour = divmod(number, HALF_HOURS)
                starts_at = PAST - datetime.timedelta(days=day) + half_hour * HALF_HOUR
                status = "completed" if number % 5 else ("cancelled", "no_show")[number // 5 % 2]
                yield doctor, number, starts_at, status
            # Every second half hour, so that there are free slots between them.
            for number in range(to_come):
                day, half_hour = divmod(number, HALF_HOURS // 2)
                starts_at = TO_COME + datetime.timedelta(days=day) + 2 * half_hour * HALF_HOUR
                yield doctor, number, starts_at, "scheduled" if number % 2 else "confirmed"

    def appointment_rows(self, appointments, made):
        ids = Ids("appointments")
        for doctor, half_hour, starts_at, status in self.times(appointments):
            yield {
                "id": next(ids), "doctor_id": self.doctors[doctor],
                "patient_id": self.patient_of(doctor, half_hour),
                "patient_created_by": self.creator, "starts_at": instant(starts_at),
                "ends_at": instant(starts_at + HALF_HOUR), "status": status,
                "reason": "Yearly examination", "retrospective": False,
                "created_by": self.creator, **made,
            }

    def change_rows(self, appointments):
        ids = Ids("appointments")
        for _, _, starts_at, _ in self.times(appointments):
            yield {
                "appointment_id": next(ids), "version": 1, "to_status": "scheduled",
                "new_starts_at": instant(starts_at), "new_ends_at": instant(starts_at + HALF_HOUR),
                "changed_by": self.creator, "changed_at": MADE,
            }

    def appointment_ids(self, appointments, wanted):
        """Returns ids of appointments, spread over the whole table."""
        step = max(1, appointments // wanted)
        return [str(id) for number, id in zip(range(appointments), Ids("appointments")) if number % step == 0]


def fill_sqlite(path, clinic, appointments):
    database = sqlite3.connect(path, isolation_level=None)
    # A power cut costs no more than making it again.
    for pragma in ["journal_mode = OFF", "synchronous = OFF", "cache_size = -1000000", "temp_store = MEMORY"]:
        database.execute(f"PRAGMA {pragma}")
    database.execute("BEGIN")
    for table, rows in clinic.tables(appointments):
        first = next(rows)
        columns = list(first)
        insert = "INSERT INTO {} ({}) VALUES ({})".format(
            table, ", ".join(columns), ", ".join("?" * len(columns)))
        plain = lambda row: [it.bytes if isinstance(it, uuid.UUID) else it for it in row.values()]
        database.execute(insert, plain(first))
        database.executemany(insert, map(plain, rows))
    database.execute("COMMIT")
    database.execute("PRAGMA journal_mode = WAL")
    database.close()


def fill_postgres(server, name, clinic, appointments):
    for table, rows in clinic.tables(appointments):
        first = next(rows)
        with server.filling(name, f"COPY {table} ({', '.join(first)}) FROM STDIN (FORMAT csv)") as pipe:
            writer = csv.writer(pipe)
            writer.writerow(first.values())
            writer.writerows(row.values() for row in rows)
    server.sql(name, "VACUUM ANALYZE")


ACTIVE = "('scheduled', 'confirmed', 'checked_in', 'in_progress')"


def overlaps(party):
    """Asks how many active appointments begin before one of the same party is over."""
    return f"""
        SELECT count(*) FROM (
            SELECT starts_at, max(ends_at) OVER (
                PARTITION BY {party}_id ORDER BY starts_at, id
                ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS busy_until
            FROM appointments WHERE status IN {ACTIVE}) AS active
        WHERE starts_at < busy_until"""


def fingerprint(paths):
    """Names a schema and what is filled into it."""
    together = hashlib.sha256()
    for path in sorted(paths):
        together.update(path.read_bytes())
    return together.hexdigest()[:12]
