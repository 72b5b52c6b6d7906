"""What was asked for, stage by stage: each tells its own fact, and the exception of one leaves the others their turn."""

import importlib
import os
import sys
import time

from . import clash, database, imports, layer, routes, rows, sessions, settings, tokens, users, variables
from .telling import enter, run, tell

# the stages that need Django set up, which importing the application mostly has done
ON_DJANGO = ("asgi_setting", "layer", "trip", "database", "create_user", "create_row", "users", "session", "token", "migrations", "checks")


class Look:
    """
    Request: {"tell": ["settings", …], "settings_module": "core.settings", "application": "core.asgi:application" | null,
              "nonce": "…", "names": ["REDIS_PORT", …], "consumer": null | {"path": …, …}, "create_user": null | {"password": "…"},
              "create_row": null | {"model": "rooms.Room", "field": null | "slug", "value": null | "example", "fixed": {"is_open": true, …}},
              "user": null | "clerk", "made_user": null | "developer", "anywhere": false, "mint": true,
              "seconds": null | 20, "server": null | "daphne.cli", "way": null | "asgi" | "manage" | "runserver"}
    The stages of "tell" are gone through in its order. Where the application is among them, it is imported as a server
    does it, and the settings are those that it comes to: by itself, after what manage.py does first, or as runserver.
    DJANGO_SETTINGS_MODULE is what the environment says: an asgi.py that forgets it fails here as it does in a server.
    """

    def __init__(self, request, application=None, probes=None):
        self.request = request
        self.probes = probes
        # what the server serves, where this runs inside one: it is set up by then, and left as it is
        self.serving = self.is_set_up = application is not None
        self.application_object = application
        self.way = request.get("way") or "asgi"
        self.module = None
        self.reading = False
        self.done = set()
        self.built = None
        self.state = "unreachable"
        self.user = self.account = self.found = None

    def run(self):
        end = time.monotonic() + (self.request.get("seconds") or 3600)
        tell("start", python="%d.%d.%d" % sys.version_info[:3], executable=sys.executable)
        for stage in self.request["tell"]:
            if time.monotonic() > end:
                break
            if stage in self.done or self.module is None and stage not in ("shadows", "settings", "broadcasts", "server"):
                continue
            if stage in ON_DJANGO and not self.is_set_up:
                self.set_up()
            run(stage, getattr(self, stage))
        tell("end")

    def set_up(self):
        """Django for the later stages, which look on where a server would have ended."""
        self.is_set_up = True
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", getattr(self.module, "__name__", ""))
        run("setup", routes.set_up)

    def shadows(self):
        settings.shadows()

    def settings(self):
        if self.serving:
            self.read(settings.configured())
            return
        failed = None
        try:
            settings.when_read(self.begin, self.read)
            self.load()
        except (Exception, SystemExit) as error:
            failed = error
        # what fails before it comes to the settings keeps nobody from reading them
        if self.module is None and not (failed and self.reading):
            try:
                self.read(settings.imported(self.request["settings_module"]))
            except (Exception, SystemExit) as error:
                self.ask_files(error)
                raise
        if failed is not None:
            self.ask_files(failed)
            # told under the stage that it has come to
            self.done.add("application")
            raise failed

    def ask_files(self, failed):
        """Of all that is missing an exception names the first."""
        clash.tell_clash(failed)
        module = os.environ.get("DJANGO_SETTINGS_MODULE") or self.request["settings_module"]
        application = (self.request.get("application") or "").split(":")[0]
        imports.tell_samples([module, application])
        if isinstance(failed, ImportError) or isinstance(getattr(failed, "__cause__", None), ImportError):
            imports.tell_missing([module, application])
        else:
            variables.tell_variables(module, [file for file in (imports.file_of(application), None if self.way == "asgi" else "manage.py") if file])

    def load(self):
        """The project as it is come to. Its settings are read in the midst of this."""
        if self.way != "asgi":
            from .preamble import follow

            follow(self.request["settings_module"])
            # as the first step of every command of Django's
            settings.configured().INSTALLED_APPS
        if self.way == "runserver":
            self.is_set_up = True
            routes.set_up()
        if "application" in self.request["tell"] and self.request.get("application"):
            self.application_object = routes.load(self.request["application"])

    def begin(self):
        # without a name there is nothing that could be read, which is the fault of who asks
        self.reading = bool(os.environ.get("DJANGO_SETTINGS_MODULE"))

    def read(self, module):
        """The settings are there: told at once, and what comes after them is the application's."""
        if self.module is not None:
            return
        settings.facts(module, self.request)
        if not self.serving:
            settings.make_quiet(module)
        self.module = module
        enter("application")

    def folders(self):
        settings.missing_folders(self.module)

    def application(self):
        if self.application_object is None:
            self.application_object = routes.load(self.request.get("application") or getattr(self.module, "ASGI_APPLICATION", None))
        if self.application_object is not None:
            routes.facts(self.application_object)

    def asgi_setting(self):
        routes.setting_facts(self.module)

    def layer(self):
        self.built = layer.build()

    def trip(self):
        if self.built is not None:
            layer.trip(self.built)

    def database_server(self):
        database.server(self.module)

    def database(self):
        self.state = database.facts()
        if self.state == "none":
            # dj_database_url.config() gives none where its variable isn't there
            variables.tell_variables(os.environ.get("DJANGO_SETTINGS_MODULE") or self.request["settings_module"], [])

    def migrations(self):
        if self.state == "ready":
            database.pending()

    def create_user(self):
        if self.state == "ready":
            users.make(self.request["create_user"]["password"])

    def create_row(self):
        if self.state == "ready":
            rows.make(**self.request["create_row"])

    def users(self):
        self.user, self.account = users.facts(self.state == "ready", self.request.get("user"), self.request.get("made_user"))

    def parts(self):
        """What is wrapped around the routes, and their consumers: walked to once."""
        if self.found is None:
            self.found = routes.parts_of(self.application_object)
        return self.found

    def origins(self):
        if self.application_object is not None:
            tell("origins", allowed=routes.origins_of(self.parts()[0]))

    def session(self):
        if self.application_object is not None:
            sessions.facts(self.parts()[0], self.user, self.serving, self.request.get("anywhere"))

    def token(self):
        around, consumers = ([], []) if self.application_object is None else self.parts()
        tokens.facts(around, consumers, self.user if self.request.get("mint", True) else None, self.request.get("anywhere"), self.account == "made")

    def pings(self):
        consumers = self.parts()[1] if self.application_object is not None else []
        answers = {routes.answers_ping(each) for each in consumers}
        tell("pings", answered=answers.pop() if len(answers) == 1 else None, greeted=any(map(routes.greeting, consumers)))

    def consumer(self):
        if self.serving:
            # nothing is played where pages are served: the launcher's own sockets have shown what there is to know
            if self.probes is not None:
                self.probes.facts()
        elif self.application_object is not None and self.request["consumer"] is not None:
            from . import play

            play.play(self.application_object, self.request["consumer"], self.state)

    def checks(self):
        routes.check_facts()

    def server(self):
        try:
            if self.request.get("server"):
                importlib.import_module(self.request["server"])
        except Exception as error:
            clash.tell_clash(error)
            raise

    def broadcasts(self):
        from . import sources

        sources.broadcasts(self.module)


def look(request, application=None, probes=None):
    Look(request, application, probes).run()
