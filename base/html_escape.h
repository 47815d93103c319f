// base/html_escape.h
// Text as HTML shows it. A pure function.
#ifndef ASSAY_BASE_HTML_ESCAPE_H_
#define ASSAY_BASE_HTML_ESCAPE_H_

#include <string>

#include "absl/strings/string_view.h"

namespace assay {

// `text` as HTML shows it, in an element or in a quoted attribute; it can close neither. Bytes that
// are no markup stay as they are.
std::string EscapeHtml(absl::string_view text);

}  // namespace assay

#endif  // ASSAY_BASE_HTML_ESCAPE_H_
