#pragma once

#include <optional>
#include <string>

#include "viewer/client/address.h"
#include "viewer/client/connection_error.h"
#include "viewer/client/recent_addresses.h"
#include "viewer/window/theme.h"

namespace dqnd {

// Asks where to connect: an address to type, the ones before, a token where one is wanted, and
// whether a certificate that nobody has confirmed is the right one, as ssh does.
class ConnectDialog {
 public:
  explicit ConnectDialog(RecentAddresses& recent) : recent_(recent) {}

  // Begins anew, with what was tried before and why that failed.
  void Open(const Destination& destination, const std::optional<ConnectionError>& error);

  struct Result {
    std::optional<Destination> connect;  // what the person wants
    bool cancelled = false;
  };
  // Fills the window. `may_cancel`: whether there is something to go back to.
  Result Draw(const Theme& theme, bool may_cancel);

  // Whether the token of this destination may be kept.
  bool keep_token() const { return keep_token_; }

 private:
  void DrawFields(const Theme& theme, Result& result);
  void DrawConfirmation(const Theme& theme, Result& result);
  void DrawRecent(const Theme& theme, Result& result);
  Destination Typed() const;

  RecentAddresses& recent_;
  std::string named_;
  std::string token_;
  std::string fingerprint_;        // confirmed
  std::string shown_fingerprint_;  // by the daemon, to be confirmed
  std::string error_;
  bool keep_token_ = false;
  bool focus_ = true;
};

}  // namespace dqnd
