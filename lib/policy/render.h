// English for people: what a policy says, clause by clause, and why a decision is what it is. Pure.
#pragma once

#include <span>
#include <string>

#include "lib/policy/evaluate.h"
#include "lib/policy/policy.h"

namespace crossdock::policy {

// One sentence a clause, the digest last; this text is what people sign. Complete: two policies with the same rendering
// decide alike.
std::string Render(const Policy& policy);

// How layers combine that are asked together, with the digest of each and that of all, to which approvals are bound.
// `layers` in order: the studio's, the client's, the show's, as far as they are there.
std::string RenderTogether(std::span<const Policy* const> layers);

// The verdict, every reason, who is still to approve, when to look again.
std::string Explain(const Decision& decision);

}  // namespace crossdock::policy
