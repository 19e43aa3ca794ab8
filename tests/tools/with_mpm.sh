#!/bin/sh
# Licensed under the Apache License, Version 2.0; see LICENSE.
# with_mpm.sh PROGRAM-MPM.mpm: run a test program under a second name, and httpd in it with the MPM of that name.
CIVARCOS_MPM=${1##*-}
CIVARCOS_MPM=${CIVARCOS_MPM%.mpm}
export CIVARCOS_MPM
exec "$1"
