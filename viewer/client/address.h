#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace dqnd {

// Where a daemon listens and what it takes to talk to it. A value: it opens nothing.
struct Address {
  // A TCP address; empty where unix_path says where. `host` is a name or a number, IPv6 without
  // brackets.
  std::string host;
  int port = 0;
  // A Unix socket.
  std::string unix_path;

  // Sent with every call; empty: none. Never part of Text().
  std::string token;
  // SHA-256 of the daemon's certificate, 64 lower-case hexadecimal digits. Not empty: the
  // connection is TLS, with exactly this certificate. Empty: plain text.
  std::string fingerprint;

  bool is_unix() const { return !unix_path.empty(); }
  bool is_tls() const { return !fingerprint.empty(); }
  // "HOST:PORT", "[::1]:50051" or "unix:PATH": for people and messages.
  std::string Place() const;
  // As the file `address` of a run directory has it: a link without the token.
  std::string Text() const;
  friend bool operator==(const Address&, const Address&) = default;
};

// Reads "HOST:PORT", "[IPV6]:PORT", "unix:PATH" or
// "dqnd://HOST:PORT?token=T&fingerprint=sha256:HEX". Throws std::invalid_argument, which says the
// value, what is wrong with it and what would be right; never the token.
Address ParseAddress(std::string_view text);

// The address of the daemon that trains or serves in a run directory, with the control token where
// this user may read it, otherwise with the read-only token, otherwise without one. A daemon that
// listens on all addresses is reached through loopback. Throws std::invalid_argument when the
// folder names no daemon.
Address ReadRunDirectory(const std::filesystem::path& directory);

// What a person named: an existing folder is a run directory, anything else an address.
Address ResolveAddress(const std::string& named);

}  // namespace dqnd
