"""`python -m swath_dev COMMAND`: what the Makefile's targets call."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from swath_dev._errors import CommandError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status. What went wrong is one line on stderr."""
    options = _parser().parse_args(arguments)
    # a polite kill cleans up like Ctrl-C does
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        return int(options.run(options) or 0)
    except CommandError as error:
        print(f"swath: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("swath: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read the output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m swath_dev", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, run: object, summary: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=summary, description=summary)
        added.set_defaults(run=run)
        return added

    command("up", _up, "start the local cloud and deploy the stack to it")
    command("down", _down, "end the local cloud; its data stays in the state folder")
    command("env", _env, "print shell variables that reach the local stack")
    _add_token(command("token", _token, "print a signed token of the local issuer"))
    package = command("package", _package, "build functions and layers for AWS and prove them")
    package.add_argument("--architecture", choices=("arm64", "x86_64"), default="arm64")
    package.add_argument("--python", default="3.13", help="the runtime's Python")
    deploy = command("deploy", _deploy, "deploy what `package` built to AWS")
    deploy.add_argument("--stack", default="swath")
    deploy.add_argument("--bucket", help="for artifacts; default: one that is made when missing")
    deploy.add_argument("parameters", nargs="*", metavar="NAME=VALUE", help="template parameters")
    undeploy = command("undeploy", _undeploy, "take a stack on AWS down; its data stays")
    undeploy.add_argument("--stack", required=True)
    undeploy.add_argument("--data", choices=("keep", "delete"), default="keep")
    undeploy.add_argument("--confirm", help="the stack's name, instead of being asked for it")
    _add_replay(command("replay", _replay, "send dead letters again"))
    _add_restore(command("restore", _restore, "bring deleted images back out of restored tables"))
    _add_forget(command("forget", _forget, "replace a user in uploads and access lists by nobody"))
    _add_reindex(command("reindex", _reindex, "post a product's images where the index has them"))
    smoke = command("smoke", _smoke, "do the main job against a deployed stack, and report")
    smoke.add_argument("--url", help="the API's address; default: the local stack")
    smoke.add_argument("--token", help="of a caller who may create products")
    bench = command("bench", _bench, "run a benchmark (or all): one JSON object per figure")
    bench.add_argument("name", nargs="?", help="a file of benchmarks/, without .py")
    command("audit", _audit, "ask for known vulnerabilities of what the layers hold")
    command("licences", _licences, "write docs/licences.md")
    release = command("release", _release, "check everything and tag a version")
    release.add_argument("version", help="three numbers, as the changelog and the client say")
    command("lock", _lock, "resolve requirements anew and write the locks")
    command("sample", _sample, "write red.tif, a small GeoTIFF to try the catalog with")
    command("seed", _seed, "fill the local stack with what the guide shows")
    demo = command("demo", _demo, "show the whole path with a scene")
    demo.add_argument("--image", type=Path, help="a GeoTIFF of yours; default: a made-up scene")
    landsat = command("landsat", _landsat, "draw docs/landsat5.png from a Landsat 5 scene's files")
    landsat.add_argument("folder", type=Path, help="one GeoTIFF a band: *_B10.tif to *_B70.tif")
    _add_cost(command("cost", _cost, "what a stack on AWS costs a month"))
    for name, run, summary in (
        ("permissions", _permissions, "write the table of permissions into docs/operations.md"),
        ("reference", _reference, "write the client's reference from its docstrings"),
        ("client-attributes", _client_attributes, "write the client's attributes anew"),
    ):
        command(name, run, summary)
    guide = command("guide", _guide, "execute the guide's notebook against a fresh stack")
    guide.add_argument("--save", action="store_true", help="write the outputs into the notebook")
    guide.add_argument("--own", action="store_true", help="leave out the published client")
    return parser


def _add_token(token: argparse.ArgumentParser) -> None:
    token.add_argument("--org", default="acme", help="the caller's organisation; '' for none")
    token.add_argument("--sub", default="developer", help="the caller's user id")
    token.add_argument("--email", help="default: SUB@ORG.example")
    token.add_argument("--group", action="append", default=[], help="a group; may be repeated")
    token.add_argument("--days", type=float, default=30, help="lifetime in days")


def _add_forget(forget: argparse.ArgumentParser) -> None:
    forget.add_argument("user", help="the sub of the user's tokens, or the id of 40 digits")
    forget.add_argument("--email", action="append", default=[], help="take it off lists, too")
    forget.add_argument("--write", action="store_true", help="do it; default: count only")
    forget.add_argument("--stack", help="a stack on AWS; default: the local one")


def _add_replay(replay: argparse.ArgumentParser) -> None:
    replay.add_argument("queue", choices=("ingest", "tasks"))
    replay.add_argument("--stack", help="a stack on AWS; default: the local one")


def _add_restore(restore: argparse.ArgumentParser) -> None:
    restore.add_argument("product", help="whose images are missing")
    restore.add_argument("--images", required=True, help="the restored images table")
    restore.add_argument("--postings", required=True, help="the restored postings table")
    restore.add_argument("--stack", help="a stack on AWS; default: the local one")


def _add_reindex(reindex: argparse.ArgumentParser) -> None:
    reindex.add_argument("product", help="its id, ORG:NAME")
    reindex.add_argument("--stack", help="a stack on AWS; default: the local one")


def _add_cost(cost: argparse.ArgumentParser) -> None:
    cost.add_argument("--images", type=float, default=1e6, help="taken in during the month (1e6)")
    cost.add_argument("--searches", type=float, default=1e5, help="answered in it (1e5)")
    cost.add_argument("--object-mb", type=float, help="of an image's files; default: as assumed")
    cost.add_argument("--months-kept", type=float, help="of such months that are stored")
    cost.add_argument("--write", action="store_true", help="write the table of the page instead")


def _up(_: argparse.Namespace) -> None:
    from swath_dev.up import up

    up()


def _down(_: argparse.Namespace) -> None:
    from swath_dev.cloud import default_cloud

    cloud = default_cloud()
    with cloud.exclusively():
        ended = cloud.stop()
    print("the local cloud ended; its data stays" if ended else "the local cloud is not running")


def _env(_: argparse.Namespace) -> None:
    from swath_dev.up import shell_variables

    print(shell_variables())


def _token(options: argparse.Namespace) -> None:
    from swath_dev.cloud import default_cloud
    from swath_dev.token import make_token

    print(
        make_token(
            default_cloud().state,
            org=options.org or None,
            subject=options.sub,
            groups=options.group,
            email=options.email,
            days=options.days,
        )
    )


def _package(options: argparse.Namespace) -> None:
    from swath_dev.package import package

    package(options.architecture, options.python)


def _deploy(options: argparse.Namespace) -> None:
    from swath_dev.deploy_package import deploy_package

    deploy_package(options.stack, options.bucket, options.parameters)


def _undeploy(options: argparse.Namespace) -> None:
    from swath_dev.undeploy import undeploy

    def typed() -> str:
        if options.confirm is not None:
            return str(options.confirm)
        return input("its name, to confirm: ").strip() if sys.stdin.isatty() else ""

    undeploy(options.stack, delete_data=options.data == "delete", confirm=typed)


def _replay(options: argparse.Namespace) -> None:
    from swath_dev.replay import replay

    replay(options.queue, options.stack)


def _restore(options: argparse.Namespace) -> None:
    from swath_dev.cloud import STACK, default_cloud
    from swath_dev.deploy import outputs
    from swath_dev.restore import restore
    from swath_dev.session import session_of

    session = session_of(os.environ) if options.stack else default_cloud().session
    tables = {"ImagesTable": options.images, "PostingsTable": options.postings}
    print(restore(session, outputs(session, options.stack or STACK), tables, options.product))


def _forget(options: argparse.Namespace) -> None:
    from swath_dev.forget import forget

    forget(options.user, options.email, options.stack, write=options.write)


def _reindex(options: argparse.Namespace) -> None:
    from swath_dev.reindex import reindex

    reindex(options.product, options.stack)


def _smoke(options: argparse.Namespace) -> int:
    from swath_dev.smoke import smoke

    if options.url and options.token:
        return smoke(options.url, options.token)
    if options.url or options.token:
        raise CommandError("a smoke test of another stack needs both URL and TOKEN")
    from swath_dev.cloud import default_cloud

    cloud = default_cloud()
    return smoke(cloud.api_url, cloud.token())


def _bench(options: argparse.Namespace) -> int:
    from swath_dev.bench import bench

    return bench(options.name)


def _audit(_: argparse.Namespace) -> int:
    from swath_dev.audit import audit

    return audit()


def _licences(_: argparse.Namespace) -> None:
    from swath_dev.licences import write

    write()


def _release(options: argparse.Namespace) -> None:
    from swath_dev.release import release

    release(options.version)


def _lock(_: argparse.Namespace) -> None:
    from swath_dev.lock import lock

    lock()


def _sample(_: argparse.Namespace) -> None:
    from swath_dev.sample import write_sample

    write_sample(Path("red.tif"))
    print("wrote red.tif")


def _seed(_: argparse.Namespace) -> None:
    from swath_dev.guide import seed_local

    seed_local()


def _demo(options: argparse.Namespace) -> int:
    from swath_dev.demo import main as demo

    return int(demo(options.image) or 0)


def _landsat(options: argparse.Namespace) -> None:
    from swath_dev.landsat import main as landsat

    landsat(options.folder)


def _cost(options: argparse.Namespace) -> None:
    from dataclasses import replace

    from swath_dev import cost

    if options.write:
        cost.write()
        return
    own = {name: getattr(options, name) for name in ("object_mb", "months_kept")}
    given = {name: value for name, value in own.items() if value is not None}
    assumed = replace(cost.Assumptions(), **given)
    print(*cost.report(options.images, options.searches, assumed), sep="\n")


def _permissions(_: argparse.Namespace) -> None:
    from swath_dev.permissions import write

    write()


def _reference(_: argparse.Namespace) -> None:
    from swath_dev.reference import write

    write()


def _client_attributes(_: argparse.Namespace) -> None:
    from swath_dev.client_attributes import write

    write()


def _guide(options: argparse.Namespace) -> None:
    from swath_dev.guide import main as guide

    guide(published=not options.own, save=options.save)


if __name__ == "__main__":
    sys.exit(main())
