"""`make up`: a running local stack, and how to reach it."""

from __future__ import annotations

import shlex

from swath_dev._errors import CommandError
from swath_dev.cloud import Deployed, LocalCloud, default_cloud
from swath_dev.deploy import outputs

_SUMMARY = """
Swath runs on this machine.

  explorer      {api}/  (open it in a browser; signs in with one click)
  API           {api}
  raster        {raster}  (calls over 30 s)
  bucket        {bucket}
  drop prefix   s3://{bucket}/drop/   (ORG/PRODUCT/NAME.tif becomes an image)
  AWS endpoint  {endpoint}

  token (org acme, 30 days; others: python -m swath_dev token --org ORG --sub USER)
  {token}

In a shell:  eval "$(make -s env)"     To end it:  make down     (data stays in {state})"""


def up() -> Deployed:
    """Start the local cloud unless it runs, deploy the code as it is now, and print the addresses.

    When the deployment fails, a cloud that was started for it ends again.
    """
    cloud = default_cloud()
    started, deployed = cloud.bring_up()
    print("local cloud started" if started else "local cloud ran already")
    print(_summary(cloud, deployed))
    return deployed


def shell_variables() -> str:
    """Return `export` lines with the addresses, a token and the credentials of the local stack."""
    cloud = default_cloud()
    if not cloud.running():
        message = "the local cloud is not running; make up starts it"
        raise CommandError(message)
    found = outputs(cloud.session, "swath")
    values = {
        "SWATH_URL": cloud.api_url,
        "SWATH_TOKEN": cloud.token(),
        "SWATH_BUCKET": found["DataBucket"],
        **cloud.environment,
    }
    return "\n".join(f"export {name}={shlex.quote(value)}" for name, value in values.items())


def _summary(cloud: LocalCloud, deployed: Deployed) -> str:
    return _SUMMARY.format(
        api=deployed.api_url,
        raster=deployed.raster_url,
        bucket=deployed.bucket,
        endpoint=cloud.endpoint,
        token=cloud.token(),
        state=cloud.state,
    )
