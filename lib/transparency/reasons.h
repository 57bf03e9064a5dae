// Why a note, a checkpoint or a proof is refused.
#pragma once

namespace crossdock::transparency {

inline constexpr char kNoteMalformed[] = "NOTE_MALFORMED";
inline constexpr char kCheckpointMalformed[] = "CHECKPOINT_MALFORMED";
inline constexpr char kProofMalformed[] = "PROOF_MALFORMED";
inline constexpr char kProofInvalid[] = "PROOF_INVALID";
inline constexpr char kNoteUnsigned[] = "NOTE_UNSIGNED";

}  // namespace crossdock::transparency
