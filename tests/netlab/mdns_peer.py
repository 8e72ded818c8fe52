"""An independent peer for multicast DNS: python3-zeroconf of Debian.

    mdns_peer.py browse                                    one line of JSON for each service that comes, changes or goes
    mdns_peer.py announce LABEL ADDRESS PORT [KEY=VALUE]…  announces a service of each kind until it is ended
    mdns_peer.py flood ADDRESS                             forged announcements from ADDRESS, as many as will go
    mdns_peer.py occupy                                    takes the port of multicast DNS and shares it with nobody
"""

import json
import signal
import socket
import struct
import sys
import threading
import time

KINDS = ["_parlor._udp.local.", "_parlor._tcp.local."]
TELLING = threading.Lock()  # each kind is browsed for by a thread of its own


def tell(**what):
    with TELLING:
        print(json.dumps(what), flush=True)


def browse():
    from zeroconf import ServiceBrowser, ServiceListener, Zeroconf

    class Listener(ServiceListener):
        def add_service(self, zeroconf, kind, name):
            self.update_service(zeroconf, kind, name)

        def update_service(self, zeroconf, kind, name):
            info = zeroconf.get_service_info(kind, name, timeout=3000)
            if info:
                properties = {key.decode(): (value or b"").decode() for key, value in info.properties.items()}
                tell(event="service", kind=kind, name=name, port=info.port, addresses=info.parsed_addresses(),
                     properties=properties)

        def remove_service(self, zeroconf, kind, name):
            tell(event="gone", kind=kind, name=name)

    with_network = Zeroconf()
    browsers = [ServiceBrowser(with_network, kind, Listener()) for kind in KINDS]
    tell(event="ready")
    signal.pause()
    del browsers


def announce(label, address, port, *properties):
    from zeroconf import ServiceInfo, Zeroconf

    network = Zeroconf()
    properties = dict(one.split("=", 1) for one in properties)
    for kind in KINDS:
        network.register_service(ServiceInfo(kind, f"{label}.{kind}", addresses=[socket.inet_aton(address)],
                                             port=int(port), properties=properties, server="forged.local."))
    tell(event="ready")
    signal.pause()


def flood(address):
    def labels(*parts):
        return b"".join(bytes([len(part)]) + part for part in parts)

    def record(name, kind, data, unique=True):
        return name + struct.pack(">HHIH", kind, 0x8001 if unique else 1, 4500, len(data)) + data

    # The name that all others end with stands first, and is another one in each packet.
    number = b"########"
    service = labels(b"_parlor", b"_udp", b"local") + b"\0"
    head = struct.pack(">HHHHHH", 0, 0x8400, 0, 400, 0, 0)
    pointer = struct.pack(">H", 0xC000 | (len(head) + len(service) + 10))
    instance = labels(number) + struct.pack(">H", 0xC000 | len(head))
    body = record(service, 12, instance, unique=False)
    txt = labels(b"v=1", b"room=Forged", b"via=tcp")
    body += record(pointer, 33, struct.pack(">HHH", 0, 0, 7275) + labels(b"h") + pointer)
    body += record(pointer, 16, txt)
    body += record(labels(b"h") + pointer, 1, socket.inet_aton(address))
    for machine in range(396):
        body += record(labels(b"%d" % machine) + pointer, 1, socket.inet_aton(address))
    # One that browses asked for services; one that announces asked for nothing, and takes what is no service.
    answers = (head + body, head + body.replace(struct.pack(">H", 12), struct.pack(">H", 16), 1))
    packets = [answer.split(number) for answer in answers]
    sockets = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sockets.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(address))
    sockets.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
    tell(event="ready", bytes=len(head + body))
    count = 0
    while True:
        try:
            before, after = packets[count % 2]
            sockets.sendto(before + b"%08d" % (count % 10**8) + after, ("224.0.0.251", 5353))
        except OSError:
            time.sleep(0.001)
        count += 1


def occupy():
    v4 = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    v4.bind(("0.0.0.0", 5353))
    v6 = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    v6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    v6.bind(("::", 5353))
    tell(event="ready")
    signal.pause()


if __name__ == "__main__":
    {"browse": browse, "announce": announce, "flood": flood, "occupy": occupy}[sys.argv[1]](*sys.argv[2:])
