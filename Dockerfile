# Three programs in one small image. The tests run in the build stage: no image without green tests.
FROM debian:trixie-slim AS build
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      cmake make gcc libc6-dev pkg-config libcoap3-dev libmicrohttpd-dev libcurl4-openssl-dev libevent-dev \
      libssl-dev libseccomp-dev libsqlite3-dev libcyaml-dev libyaml-dev check libjansson-dev python3 openssl binutils \
    && rm -rf /var/lib/apt/lists/*
COPY . /src
WORKDIR /src
RUN cmake --preset release && cmake --build --preset release -j "$(nproc)" \
    && ctest --preset release -j "$(nproc)" -L '^(unit|vectors|scenario|arch|fuzz)$' \
    && DESTDIR=/out cmake --install build/release --prefix /usr --strip

FROM debian:trixie-slim
RUN apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends \
      libcoap3t64 libmicrohttpd12t64 libcurl4t64 libevent-core-2.1-7t64 libevent-extra-2.1-7t64 libssl3t64 \
      libsqlite3-0 libseccomp2 libcyaml1 ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 65532 --user-group --no-create-home --shell /usr/sbin/nologin sealift \
    && install -d -o sealift -g sealift -m 0700 /var/lib/sealift /var/lib/sealift/est /var/lib/sealift/device \
         /var/lib/sealift/handover
COPY --from=build /out/usr/bin/ /usr/bin/
USER 65532:65532
WORKDIR /var/lib/sealift
CMD ["sealift-proxy", "--help"]
