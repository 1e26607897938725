#pragma once

#include <stdexcept>
#include <string>

namespace dqnd {

// Why there is no connection to a daemon, or why it refused. what() is one line for people: the
// place, what happened, and what to do about it; it never holds a token.
class ConnectionError : public std::runtime_error {
 public:
  enum class Kind {
    kNameNotFound,            // the host has no address
    kRefused,                 // nobody listens there
    kTimeout,                 // no answer in time
    kPlainText,               // plain text where a fingerprint promised TLS
    kUnconfirmedCertificate,  // TLS, and nobody has confirmed the certificate: see fingerprint()
    kOtherCertificate,        // not the certificate that was confirmed: see fingerprint()
    kExpired,                 // the certificate is not valid now
    kUnauthenticated,         // no token, or not one of this daemon's
    kReadOnly,                // a read-only token asked for control
    kOtherContract,           // not a daemon, or one whose contract this program does not know
    kLost,                    // there was a connection, or the daemon failed
    kRejected,                // the daemon understood and declined: "the run is not paused"
    kCancelled,               // this program gave up
  };

  ConnectionError(Kind kind, const std::string& message, std::string fingerprint = "")
      : std::runtime_error(message), kind_(kind), fingerprint_(std::move(fingerprint)) {}

  Kind kind() const { return kind_; }
  // SHA-256 of the certificate that the daemon showed, 64 hexadecimal digits; empty where none was.
  const std::string& fingerprint() const { return fingerprint_; }

  // Whether the same attempt may succeed later without a person's doing.
  bool may_pass() const {
    return kind_ == Kind::kNameNotFound || kind_ == Kind::kRefused || kind_ == Kind::kTimeout ||
           kind_ == Kind::kLost;
  }

 private:
  Kind kind_;
  std::string fingerprint_;
};

}  // namespace dqnd
