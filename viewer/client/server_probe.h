#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>

#include "viewer/client/address.h"

namespace dqnd {

// The certificate that a server showed.
struct ServerCertificate {
  std::string fingerprint;  // SHA-256 of the DER, 64 lower-case hexadecimal digits
  std::string pem;
  std::string dns_name;  // the first that it is made out to; empty when it names none
};

// Who listens at a TCP address.
struct ProbedServer {
  std::string ip;                                // the numeric address that answered
  std::optional<ServerCertificate> certificate;  // absent: the server speaks plain text
};

// Connects once and begins a TLS handshake, to learn before anything secret is sent whether the
// server speaks TLS and with which certificate. Sends nothing but that handshake, and trusts
// nothing: comparing the fingerprint is the caller's.
//
// Throws ConnectionError: kNameNotFound, kRefused, kTimeout, kLost, kExpired (a certificate that is
// not valid now), and kCancelled, within milliseconds, when `stop` is requested.
ProbedServer ProbeServer(const Address& address, std::chrono::milliseconds timeout,
                         const std::stop_token& stop);

}  // namespace dqnd
