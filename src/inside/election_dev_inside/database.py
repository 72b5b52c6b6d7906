"""The default database, looked at without making or changing anything."""

import copy
import os
import sqlite3

from .borrowed import elsewhere_of
from .folder import HERE
from .frames import text_of
from .telling import tell


def passwords(module):
    configured = getattr(module, "DATABASES", None)
    for database in configured.values() if isinstance(configured, dict) else ():
        if isinstance(database, dict) and database.get("PASSWORD"):
            yield database["PASSWORD"]


def server(module):
    """Where the default database is and as whom it is opened: for who is to start one there, and for nobody else, since the password is among it."""
    configured = getattr(module, "DATABASES", None)
    default = configured.get("default") if isinstance(configured, dict) else None
    if not default:
        return
    options = default.get("OPTIONS") or {}
    said = {key.lower(): str(default.get(key) or "") for key in ("ENGINE", "NAME", "HOST", "PORT", "USER", "PASSWORD")}
    tell("database_server", **dict(said, host=str(options.get("host") or said["host"]), port=str(options.get("port") or said["port"]),
                                   service=bool(options.get("service") or options.get("read_default_file"))))


def facts():
    """Whether the tables are there. SQLite makes an empty file at the first look, so the file is looked at first."""
    from django.conf import settings

    database = settings.DATABASES.get("default") or {}
    engine = str(database.get("ENGINE", ""))
    name = str(database.get("NAME", ""))
    if not engine or engine.endswith("dummy"):
        tell("database", state="none", engine=engine)
        return "none"
    in_memory = name == ":memory:" or "mode=memory" in name
    path, relative = None, False
    if engine.endswith(("sqlite3", "spatialite")) and not in_memory:
        path = name[5:].partition("?")[0] if name.startswith("file:") else name
        path, relative = os.path.abspath(path), not os.path.isabs(path)
        name = os.path.basename(path)
    state, message = sqlite_state(path) if path else server_state()
    elsewhere = None if path else elsewhere_of(database)
    tell("database", state=state, engine=engine, name=name, path=path, relative=relative, message=message, elsewhere=elsewhere)
    return state


def sqlite_state(path):
    if not os.path.isdir(os.path.dirname(path)) or os.path.isdir(path):
        return "unreachable", "unable to open database file"
    if not os.path.exists(path) or os.path.getsize(path) == 0:
        return "empty", None
    from pathlib import Path

    try:
        connection = sqlite3.connect(Path(path).as_uri() + "?mode=ro", uri=True, timeout=0.2)
        try:
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        finally:
            connection.close()
    except sqlite3.Error as error:
        return "locked" if "locked" in str(error) else "unreachable", text_of(error)
    return "ready" if tables else "empty", None


def server_state():
    """A connection of its own, which gives up sooner than the project's would."""
    from django.db import connections

    connection = connections.create_connection("default")
    if connection.vendor in ("postgresql", "mysql"):
        connection.settings_dict = copy.deepcopy(connection.settings_dict)
        connection.settings_dict.setdefault("OPTIONS", {})["connect_timeout"] = 2
    try:
        tables = connection.introspection.table_names()
    except Exception as error:
        return "unreachable", text_of(error)
    finally:
        connection.close()
    return "ready" if tables else "empty", None


def pending():
    from django.db import connections
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connections["default"])
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    tell("migrations", pending=["%s.%s" % (migration.app_label, migration.name) for migration, _ in plan],
         unmade=unmade(executor.loader.project_state().models))
    connections.close_all()


def unmade(states):
    """
    Apps of the project with models, or fields of them, that no migration makes: without a package for migrations, where
    `makemigrations` passes over one that isn't named, or with one that has none, or not all.
    """
    from django.apps import apps

    here = HERE + os.sep
    own = [app for app in apps.get_app_configs() if os.path.abspath(app.path).startswith(here)]
    return [{"label": app.label, "folder": os.path.relpath(app.path, HERE)} for app in own
            if any(is_unmade(model, states) for model in app.get_models())]


def is_unmade(model, states):
    state = states.get((model._meta.app_label, model._meta.model_name))
    made = () if state is None else state.fields
    return model._meta.managed and not model._meta.proxy and any(field.name not in made for field in model._meta.local_fields)


class Kept(Exception):
    """What a consumer gets that would change the project."""


class Guard:
    """Keeps a consumer from making an SQLite file and from writing rows, and remembers that it tried, and what the database said."""

    reading = ("SELECT", "PRAGMA", "SHOW", "SET", "BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT", "EXPLAIN", "WITH", "VALUES")

    def __init__(self, state):
        self.state = state
        self.why = None
        self.error = None

    def install(self):
        from django.db import connections
        from django.db.backends.signals import connection_created

        try:
            connections.close_all()
            backend = type(connections["default"])
        except Exception:  # a backend that can't be loaded: the stage before has told it
            return
        original, guard = backend.get_new_connection, self

        def connect(wrapper, parameters):
            if wrapper.alias == "default" and wrapper.vendor == "sqlite" and guard.state in ("empty", "locked", "unreachable"):
                guard.why = "the database is " + guard.state
                raise Kept(guard.why)
            try:
                return original(wrapper, parameters)
            except Exception as error:
                guard.error = guard.error or "%s: %s" % (type(error).__name__, text_of(error))
                raise

        backend.get_new_connection = connect
        connection_created.connect(self.wrap, weak=False)

    def wrap(self, connection, **_):
        if self.filter not in connection.execute_wrappers:
            connection.execute_wrappers.append(self.filter)

    def filter(self, execute, sql, params, many, context):
        statement = str(sql).lstrip(" \n\t(").split(None, 1)
        if statement and statement[0].upper().rstrip(";") not in self.reading:
            self.why = "the consumer writes to the database"
            raise Kept(self.why)
        try:
            return execute(sql, params, many, context)
        except Exception as error:
            # the consumer may keep it to itself
            self.error = self.error or "%s: %s" % (type(error).__name__, text_of(error))
            raise
