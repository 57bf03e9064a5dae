#include "agent/transfer/plan.h"

#include "lib/base/digest.h"
#include "lib/base/status.h"
#include "lib/wire/name.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {

using wire::Reason;

absl::Status CheckHello(const wire::Hello& peer, const AttemptTerms& own) {
  if (peer.version_min > wire::kProtocolVersion || peer.version_max < wire::kProtocolVersion) {
    return Fail(Reason::kPeerVersion, "the peer speaks versions ", peer.version_min, " to ", peer.version_max,
                ", this agent ", wire::kProtocolVersion, "; update the older one");
  }
  if (peer.transfer != own.transfer) return Fail(Reason::kPeerTransfer, "the peer is here for another transfer");
  if (peer.epoch != own.epoch) {
    return Fail(Reason::kEpochStale, "the peer is at epoch ", peer.epoch.generation, ".", peer.epoch.n,
                ", this agent at ", own.epoch.generation, ".", own.epoch.n);
  }
  if (peer.listing_digest != own.listing_digest) return Fail(Reason::kPeerListing, "the peer has another listing");
  if (peer.content_root != own.content_root) return Fail(Reason::kPeerContent, "the peer has another content root");
  if (!peer.policy_digest.empty() && !own.policy_digest.empty() &&
      (peer.policy_digest != own.policy_digest || peer.policy_number != own.policy_number)) {
    return Fail(Reason::kPeerPolicy, "the peer decided by policy ", peer.policy_number, ", this agent by ",
                own.policy_number);
  }
  return absl::OkStatus();
}

absl::Status CheckTerms(const AttemptTerms& terms) {
  const auto digest = [](const std::string& bytes) { return bytes.empty() || bytes.size() == base::kSha256Size; };
  if (wire::CheckName(terms.transfer) || terms.transfer.size() > wire::kTransferIdSizeMax) {
    return base::InvalidArgument("'", base::PercentEscape(terms.transfer), "' is no transfer id");
  }
  if (terms.listing_digest.empty() || !digest(terms.listing_digest) || !digest(terms.content_root) ||
      !digest(terms.policy_digest)) {
    return base::InvalidArgument("digests of an attempt are 32 raw bytes");
  }
  if (terms.streams < 1 || terms.streams > wire::kStreamsMax) {
    return base::InvalidArgument("an attempt has 1 to ", wire::kStreamsMax, " streams, not ", terms.streams);
  }
  return absl::OkStatus();
}

wire::Hello MakeHello(const AttemptTerms& terms) {
  wire::Hello hello;
  hello.transfer = terms.transfer;
  hello.epoch = terms.epoch;
  hello.roster_number = terms.roster_number;
  hello.policy_number = terms.policy_number;
  hello.policy_digest = terms.policy_digest;
  hello.listing_digest = terms.listing_digest;
  hello.content_root = terms.content_root;
  hello.streams = terms.streams;
  return hello;
}

}  // namespace crossdock::agent
