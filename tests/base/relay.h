#pragma once

#include <atomic>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>

#include "tests/base/plain_socket.h"

namespace dqnd {

// A cable between one client at a time and a server on loopback. It can be cut without either
// hearing of it: from then on nothing passes, and both connections stay open. Or it breaks: both
// connections are closed, and a client may connect again.
class Relay {
 public:
  // `target`: HOST:PORT of the server.
  explicit Relay(const std::string& target)
      : target_(target), thread_([this](const std::stop_token& stop) { Run(stop); }) {}

  ~Relay() {
    thread_.request_stop();
    thread_.join();
  }

  int port() const { return listener_.port(); }
  // What the client connects to; HOST:PORT.
  std::string address() const { return "127.0.0.1:" + std::to_string(port()); }

  void Cut() { cut_ = true; }

  // Breaks behind so many more bytes of the server's, once. At least 1.
  void BreakAfter(int64_t bytes) { bytes_left_ = bytes; }

  // Whether the server has closed its connection.
  bool server_hung_up() const { return server_hung_up_; }

 private:
  void Run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (listener_.IsReadable()) Pass(listener_.Accept(), stop);
    }
  }

  // Until it breaks or the client hangs up.
  void Pass(const PlainSocket& client, const std::stop_token& stop) {
    const PlainSocket server = PlainSocket::Connected(target_);
    while (!stop.stop_requested()) {
      if (cut_) {
        // What the server sent before it hung up is read and thrown away.
        if (!server_hung_up_ && server.IsReadable()) server_hung_up_ = !Receive(server);
        continue;
      }
      if (client.IsReadable()) {
        if (!Receive(client)) return;
        server.Send(received_);
      }
      if (!server.IsReadable() || !Receive(server)) continue;
      const int64_t left = bytes_left_;
      if (left > 0 && left <= std::ssize(received_)) {
        client.Send(std::string_view(received_).substr(0, static_cast<size_t>(left)));
        bytes_left_ = 0;
        return;
      }
      if (left > 0) bytes_left_ -= std::ssize(received_);
      client.Send(received_);
    }
  }

  // False at the connection's end.
  bool Receive(const PlainSocket& from) {
    received_ = from.Receive();
    return !received_.empty();
  }

  const std::string target_;
  PlainListener listener_;
  std::string received_;
  std::atomic<bool> cut_ = false;
  std::atomic<bool> server_hung_up_ = false;
  std::atomic<int64_t> bytes_left_ = 0;  // until it breaks; 0: it does not
  std::jthread thread_;
};

}  // namespace dqnd
