# Assay as one image. Targets: cpu (the default) and cuda. scripts/image builds either and prints its size by layer; by hand:
#
#   docker build --target cpu --tag assay:0.1.0-cpu .
#
# Pinned: Debian's release by the tag here, its packages by DEBIAN_SNAPSHOT, everything else by version in scripts/lib/install.sh.
# A tag can be moved, a digest cannot: --build-arg BASE_IMAGE=docker.io/library/debian:12.11-slim@sha256:... as
# `docker buildx imagetools inspect docker.io/library/debian:12.11-slim` prints it.
ARG BASE_IMAGE=docker.io/library/debian:12.11-slim

# ---- What both forms are built with: what scripts/build installs.
# The tag is in the argument.
# hadolint ignore=DL3006
FROM ${BASE_IMAGE} AS tools
# A moment as in 20261101T000000Z: Debian's packages as they were then. Empty: as they are today.
ARG DEBIAN_SNAPSHOT=
ENV LANG=C.UTF-8 PIP_NO_CACHE_DIR=1
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
WORKDIR /src
COPY scripts/lib/debian_snapshot.sh scripts/lib/install.sh scripts/lib/
RUN scripts/lib/debian_snapshot.sh "${DEBIAN_SNAPSHOT}" && source scripts/lib/install.sh && install_packages "${PACKAGES[@]}"
COPY scripts/build scripts/
COPY tools/make_armorm_mini.py tools/
COPY data/armorm-mini/ data/armorm-mini/

FROM tools AS build-cpu
ENV ASSAY_TORCH_FORM=cpu
RUN scripts/build --install-only
COPY . .
RUN scripts/build release && DESTDIR=/out cmake --install build/release --prefix /opt/assay --strip

# ---- What both forms have in common at run time.
# The tag is in the argument.
# hadolint ignore=DL3006
FROM ${BASE_IMAGE} AS run
ARG DEBIAN_SNAPSHOT=
SHELL ["/bin/bash", "-euo", "pipefail", "-c"]
# Nobody in the container becomes another user or shares a folder but /tmp; logs and caches would differ from build to build.
# DEBIAN_SNAPSHOT pins all packages, their dependencies too.
# hadolint ignore=DL3008
RUN --mount=type=bind,source=scripts/lib/debian_snapshot.sh,target=/run/debian_snapshot.sh \
    /run/debian_snapshot.sh "${DEBIAN_SNAPSHOT}" \
    && apt-get update -qq \
    && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends -o APT::Keep-Downloaded-Packages=false \
      libabsl20220623 libcivetweb1 libgrpc++1.51 libhwy1 libpcre2-8-0 libprometheus-cpp-core1.0 libprotobuf32 libspdlog1.10 \
      libssl3 libstdc++6 libyaml-cpp0.7 zlib1g \
    && groupadd --system --gid 65532 assay \
    && useradd --system --uid 65532 --gid 65532 --no-create-home --home-dir / --shell /usr/sbin/nologin assay \
    && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
    && find / -xdev -type d -perm -0002 -not -path /tmp -exec chmod o-w {} + \
    && rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/debconf/*-old /var/cache/ldconfig/aux-cache /var/log/*
# Every address of the container: without a certificate the server then wants to be told --insecure.
ENV PATH=/opt/assay/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    ASSAY_LISTEN=0.0.0.0:50051 \
    ASSAY_HEALTH_LISTEN=0.0.0.0:50052
# gRPC; health alone, in plaintext, for probes; and metrics, which ASSAY_METRICS_LISTEN=0.0.0.0:9464 opens.
EXPOSE 50051 50052 9464
ENTRYPOINT ["assay-server"]
STOPSIGNAL SIGTERM
# A large model takes minutes to load; until then a failed check does not count.
HEALTHCHECK --interval=10s --timeout=5s --start-period=15m CMD ["assay", "health", "--address", "127.0.0.1:50052"]
LABEL org.opencontainers.image.title="Assay" \
      org.opencontainers.image.description="Scores assistant replies with reward models, over gRPC" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"

# ---- What is shipped, in layers by how seldom they change.
FROM run AS cpu
COPY --from=build-cpu /out/opt/assay/lib/ /opt/assay/lib/
COPY --from=build-cpu /out/opt/assay/share/ /opt/assay/share/
COPY --from=build-cpu /out/opt/assay/bin/ /opt/assay/bin/
USER 65532:65532

# Behind the form without CUDA, because older builders make every stage before the target.
FROM tools AS build-cuda
ENV ASSAY_TORCH_FORM=cuda
RUN scripts/build --install-only
COPY . .
RUN scripts/build release && DESTDIR=/out cmake --install build/release --prefix /opt/assay --strip

FROM run AS cuda
COPY --from=build-cuda /out/opt/assay/lib/ /opt/assay/lib/
COPY --from=build-cuda /out/opt/assay/share/ /opt/assay/share/
COPY --from=build-cuda /out/opt/assay/bin/ /opt/assay/bin/
# For NVIDIA's container runtime: every card that the container is given, and the driver's libraries for computing and NVML.
ENV NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility
USER 65532:65532

# Without --target: the last.
FROM cpu
