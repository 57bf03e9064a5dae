// Why a relay turns somebody away: the words that travel in `refused`, in the relay's log and to the person who asks.
//
// Together with EPOCH_STALE (reason.h) and the words of lib/trust/reasons.h for bundles. An unknown word is shown as
// is.
#pragma once

namespace crossdock::wire {

// The ticket itself.
inline constexpr char kTicketMalformed[] = "TICKET_MALFORMED";
inline constexpr char kTicketVersion[] = "TICKET_VERSION";         // made by a newer orchestrator than this relay knows
inline constexpr char kTicketKeyUnknown[] = "TICKET_KEY_UNKNOWN";  // no ticket key held has this id
inline constexpr char kTicketSignature[] = "TICKET_SIGNATURE";

// The ticket against the moment, the place and the caller.
inline constexpr char kTicketNotYetValid[] = "TICKET_NOT_YET_VALID";
inline constexpr char kTicketExpired[] = "TICKET_EXPIRED";
inline constexpr char kTicketOtherRelay[] = "TICKET_OTHER_RELAY";
inline constexpr char kTicketOtherHolder[] = "TICKET_OTHER_HOLDER";  // the TLS key is not the one that it names
inline constexpr char kTicketReplayed[] = "TICKET_REPLAYED";         // this (ticket, leg, try) was used before
inline constexpr char kLegOutOfRange[] = "LEG_OUT_OF_RANGE";         // a higher leg than the ticket's streams
inline constexpr char kNextTicketMissing[] = "NEXT_TICKET_MISSING";
inline constexpr char kNextTicketUnexpected[] = "NEXT_TICKET_UNEXPECTED";
inline constexpr char kBundleMissing[] = "BUNDLE_MISSING";  // the relay has not seen the bundle that the ticket demands
inline constexpr char kKeysMissing[] = "KEYS_MISSING";    // the relay was never given its ticket keys, or they expired
inline constexpr char kHolderDenied[] = "HOLDER_DENIED";  // holder, peer or next hop is on the denial list

// The meeting.
inline constexpr char kPeerMismatch[] = "PEER_MISMATCH";    // the two tickets do not name each other
inline constexpr char kPartnerAbsent[] = "PARTNER_ABSENT";  // the other leg did not come in time
inline constexpr char kLegReplaced[] = "LEG_REPLACED";      // a later try or a newer epoch came
inline constexpr char kNextHopNotAllowed[] = "NEXT_HOP_NOT_ALLOWED";
inline constexpr char kNextHopUnreachable[] = "NEXT_HOP_UNREACHABLE";

// The relay.
inline constexpr char kRelayFull[] = "RELAY_FULL";
inline constexpr char kRelayDraining[] = "RELAY_DRAINING";
inline constexpr char kAdmissionProtocol[] = "ADMISSION_PROTOCOL";
inline constexpr char kAdmissionVersion[] = "ADMISSION_VERSION";
inline constexpr char kAdmissionTimeout[] = "ADMISSION_TIMEOUT";

}  // namespace crossdock::wire
