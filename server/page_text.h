// server/page_text.h
// Numbers and times as a page for people writes them. Pure functions.
#ifndef ASSAY_SERVER_PAGE_TEXT_H_
#define ASSAY_SERVER_PAGE_TEXT_H_

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace assay {

// "1,048,576".
std::string Grouped(int64_t n);

// "64 MiB", "1.5 GiB", "1,000 bytes": the largest binary unit of which there is one whole, with at
// most one decimal.
std::string BinarySize(int64_t bytes);

// Three figures or two units: "0", "850 µs", "12.3 ms", "4.60 s", "3 min 20 s",
// "2 h 5 min", "6 d 3 h"; "for ever" for infinity. A negative one is "0".
std::string ShortDuration(absl::Duration duration);

}  // namespace assay

#endif  // ASSAY_SERVER_PAGE_TEXT_H_
