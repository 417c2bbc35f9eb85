# Tries to reach ADDRESS:11434 as an ordinary process of the host: by the routing table, and bound to
# each interface in turn, which needs no privilege (SO_BINDTODEVICE, Linux 5.7). Prints how often it connected.
# Usage: from-the-host.py AGENT ADDRESS...

import os, socket, sys, threading

agent, addresses = sys.argv[1], sys.argv[2:]
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
connected = []


def attempt(device, address):
    with socket.socket() as s:
        s.settimeout(3)
        try:
            if device:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, device.encode())
            s.connect((address, 11434))
            s.sendall(f"GET /api/version HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {agent}\r\nConnection: close\r\n\r\n".encode())
            s.recv(4000)
            connected.append((device, address))
        except OSError:
            pass


threads = [threading.Thread(target=attempt, args=(device, address)) for device in ["", *os.listdir("/sys/class/net")] for address in addresses]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(connected))
