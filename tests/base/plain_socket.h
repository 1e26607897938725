#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace dqnd {

// A TCP connection on loopback for tests that go below gRPC. Move-only.
class PlainSocket {
 public:
  explicit PlainSocket(int descriptor) : descriptor_(descriptor) {
    if (descriptor < 0) throw std::runtime_error("no socket");
  }
  PlainSocket(PlainSocket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  PlainSocket& operator=(PlainSocket&&) = delete;
  ~PlainSocket() {
    if (descriptor_ >= 0) close(descriptor_);
  }

  // `target`: 127.0.0.1:PORT.
  static PlainSocket Connected(const std::string& target) {
    PlainSocket made(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    const sockaddr_in address =
        Loopback(static_cast<uint16_t>(std::atoi(target.c_str() + target.rfind(':') + 1)));
    if (connect(made.descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address)) {
      throw std::runtime_error("cannot connect to " + target);
    }
    return made;
  }

  static sockaddr_in Loopback(uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  int descriptor() const { return descriptor_; }

  // Sends as much as the other side takes before it closes.
  void Send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
  }

  // Waits 10 ms at most.
  bool IsReadable() const {
    pollfd waiting{.fd = descriptor_, .events = POLLIN, .revents = 0};
    return poll(&waiting, 1, 10) > 0;
  }

  // Waits for something; empty at the connection's end.
  std::string Receive() const {
    std::string bytes(1 << 16, '\0');
    const ssize_t size = recv(descriptor_, bytes.data(), bytes.size(), 0);
    bytes.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return bytes;
  }

 private:
  int descriptor_;
};

// Listens on a free port of loopback.
class PlainListener {
 public:
  PlainListener() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address = PlainSocket::Loopback(0);
    socklen_t size = sizeof address;
    auto* any = reinterpret_cast<sockaddr*>(&address);
    if (bind(socket_.descriptor(), any, size) != 0 || listen(socket_.descriptor(), 8) != 0 ||
        getsockname(socket_.descriptor(), any, &size) != 0) {
      throw std::runtime_error("cannot listen on loopback");
    }
    port_ = ntohs(address.sin_port);
  }

  int port() const { return port_; }
  bool IsReadable() const { return socket_.IsReadable(); }
  PlainSocket Accept() const {
    return PlainSocket(accept4(socket_.descriptor(), nullptr, nullptr, SOCK_CLOEXEC));
  }

 private:
  const PlainSocket socket_;
  int port_ = 0;
};

}  // namespace dqnd
