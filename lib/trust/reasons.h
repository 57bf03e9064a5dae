// Why something signed was not believed. Stored, sent and compared as such; the sentence beside it is for people.
#pragma once

namespace crossdock::trust {

// What is wrong with the text itself.
inline constexpr char kStatementMalformed[] = "STATEMENT_MALFORMED";  // not the one spelling of this kind
inline constexpr char kSignatureInvalid[] = "SIGNATURE_INVALID";      // missing, surplus, or not over these bytes
inline constexpr char kKeyInvalid[] = "KEY_INVALID";                  // not a key that we can use

// The roster, and what hangs on it.
inline constexpr char kRosterInvalid[] = "ROSTER_INVALID";             // the body breaks a rule of rosters
inline constexpr char kRosterBodyChanged[] = "ROSTER_BODY_CHANGED";    // the body is not the one that was signed
inline constexpr char kRosterUnsigned[] = "ROSTER_UNSIGNED";           // fewer officers than the threshold
inline constexpr char kRosterRootMismatch[] = "ROSTER_ROOT_MISMATCH";  // not the officers that were pinned
inline constexpr char kRosterTooOld[] = "ROSTER_TOO_OLD";              // a lower number than one already held
inline constexpr char kRosterForked[] = "ROSTER_FORKED";               // the same number, another body
inline constexpr char kRosterExpired[] = "ROSTER_EXPIRED";
inline constexpr char kSiteUnknown[] = "SITE_UNKNOWN";
inline constexpr char kKeyDenied[] = "KEY_DENIED";  // on the roster's list of what is not trusted
inline constexpr char kOfficerUnknown[] = "POLICY_OFFICER_UNKNOWN";
inline constexpr char kSiteAdminUnknown[] = "SITE_ADMIN_UNKNOWN";  // or not for this site
inline constexpr char kGrantExpired[] = "GRANT_EXPIRED";           // the identity was made outside the grant's time
inline constexpr char kGrantMismatch[] = "GRANT_MISMATCH";         // the identity is of another grant, site or role
inline constexpr char kTimeInFuture[] = "TIME_IN_FUTURE";          // signed later than now: a clock is wrong

// What relays check themselves, and receipts.
inline constexpr char kNumberTooOld[] = "NUMBER_TOO_OLD";       // a lower number than one already seen
inline constexpr char kKeysExpired[] = "KEYS_EXPIRED";          // the bundle of ticket keys
inline constexpr char kReceiptMismatch[] = "RECEIPT_MISMATCH";  // signed by one agent in the name of another

// The path map.
inline constexpr char kPathNotMapped[] = "PATH_NOT_MAPPED";                    // what is not mapped is not sent
inline constexpr char kPathSpansClients[] = "PATH_SPANS_CLIENTS";              // part of it is another client's
inline constexpr char kClassificationBelowMap[] = "CLASSIFICATION_BELOW_MAP";  // asserted weaker than the map's floor
inline constexpr char kPathOfOtherClient[] = "PATH_OF_OTHER_CLIENT";           // asserted another client or project
// A destination whose path is less protected than the source's.
inline constexpr char kClassificationBelowSource[] = "CLASSIFICATION_BELOW_SOURCE";

// The policy.
inline constexpr char kPolicyNotActive[] = "POLICY_NOT_ACTIVE";  // no officer activated this text for this client
inline constexpr char kPolicyTooOld[] = "POLICY_TOO_OLD";        // a lower number than one already held
inline constexpr char kPolicyForked[] = "POLICY_FORKED";         // the same number, another digest

inline constexpr char kPolicyInvalid[] = "POLICY_INVALID";                // the text does not parse
inline constexpr char kPolicyOfOtherClient[] = "POLICY_OF_OTHER_CLIENT";  // not the client of the mapped path
inline constexpr char kPolicyLayerMissing[] = "POLICY_LAYER_MISSING";     // one that was seen here is held back

// The word of the policy itself, as a refusal (lib/clearance).
inline constexpr char kClearanceDenied[] = "CLEARANCE_DENIED";
inline constexpr char kClearanceHeld[] = "CLEARANCE_HELD";
inline constexpr char kClearanceNeedsApprovals[] = "CLEARANCE_NEEDS_APPROVALS";
inline constexpr char kClearanceInvalid[] = "CLEARANCE_INVALID";  // the question itself is malformed

// Approvals: which bound field differs from what is about to move.
inline constexpr char kTransferMismatch[] = "TRANSFER_MISMATCH";  // an approval of another transfer
inline constexpr char kClientMismatch[] = "CLIENT_MISMATCH";
inline constexpr char kProjectMismatch[] = "PROJECT_MISMATCH";
inline constexpr char kListingChanged[] = "LISTING_CHANGED";
inline constexpr char kContentChanged[] = "CONTENT_CHANGED";
inline constexpr char kContentNotBound[] = "CONTENT_NOT_BOUND";  // the policy binds content, the approval names none
inline constexpr char kSourceChanged[] = "SOURCE_CHANGED";
inline constexpr char kDestinationChanged[] = "DESTINATION_CHANGED";
inline constexpr char kClassificationChanged[] = "CLASSIFICATION_CHANGED";
inline constexpr char kPolicyChanged[] = "POLICY_CHANGED";
inline constexpr char kApprovalExpired[] = "APPROVAL_EXPIRED";
inline constexpr char kApprovalNotYetValid[] = "APPROVAL_NOT_YET_VALID";
inline constexpr char kApprovalTooLong[] = "APPROVAL_TOO_LONG";     // valid for longer than anyone may sign
inline constexpr char kApprovalWithdrawn[] = "APPROVAL_WITHDRAWN";  // its approver took it back
inline constexpr char kDelegateUnknown[] = "DELEGATE_UNKNOWN";      // the roster does not know who should stand in
inline constexpr char kDelegationExpired[] = "DELEGATION_EXPIRED";  // its time is over
inline constexpr char kDelegationEnded[] = "DELEGATION_ENDED";      // its approver ended it early
inline constexpr char kDelegationNotYetValid[] = "DELEGATION_NOT_YET_VALID";
// Break-glass (what of a policy it lifts: policy/break_glass.h).
inline constexpr char kBreakGlassUnsigned[] = "BREAK_GLASS_UNSIGNED";     // one person has signed, and two must
inline constexpr char kBreakGlassOnePerson[] = "BREAK_GLASS_ONE_PERSON";  // two keys of one person
inline constexpr char kBreakGlassExpired[] = "BREAK_GLASS_EXPIRED";       // its time is over
inline constexpr char kBreakGlassNotYetValid[] = "BREAK_GLASS_NOT_YET_VALID";
inline constexpr char kBreakGlassOwnReview[] = "BREAK_GLASS_OWN_REVIEW";      // by one of the two who broke it
inline constexpr char kBreakGlassOtherReview[] = "BREAK_GLASS_OTHER_REVIEW";  // the review is of another one
inline constexpr char kApproverUnknown[] = "APPROVER_UNKNOWN";                // no approver of the roster has this key
inline constexpr char kApproverMismatch[] = "APPROVER_MISMATCH";              // the key is of another person than named

}  // namespace crossdock::trust
