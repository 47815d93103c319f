// server/nearest_name.h
// What a user may have meant by a name that does not exist.
#ifndef ASSAY_SERVER_NEAREST_NAME_H_
#define ASSAY_SERVER_NEAREST_NAME_H_

#include <string>

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace assay {

// The one of `names` that the fewest letters put in, left out or replaced turn `name` into; the
// first of several. Empty where even that takes more than a quarter of its letters, or none is
// there.
std::string NearestName(absl::string_view name, absl::Span<const std::string> names);

}  // namespace assay

#endif  // ASSAY_SERVER_NEAREST_NAME_H_
