// model/aligned_buffer.h
// A block of memory for vectors: begins at a cache line, or at a huge page where it is large, so that a walk through
// weights does not stop at every page. Holds trivial types only; not initialised.
#ifndef ASSAY_MODEL_ALIGNED_BUFFER_H_
#define ASSAY_MODEL_ALIGNED_BUFFER_H_

#include <sys/mman.h>

#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <type_traits>

namespace assay {

template <typename T>
class AlignedBuffer {
  static_assert(std::is_trivial_v<T>);

 public:
  AlignedBuffer() = default;
  // Throws std::bad_alloc.
  explicit AlignedBuffer(size_t size) { Reserve(size); }

  // At least `size` elements from now on; what was there before is lost where it grows. Throws std::bad_alloc.
  T* Reserve(size_t size) {
    if (size <= size_) return data_.get();
    const size_t bytes = size * sizeof(T);
    const size_t alignment = bytes >= kHugePage ? kHugePage : kCacheLine;
    data_.reset();
    size_ = 0;
    const size_t rounded = (bytes + alignment - 1) / alignment * alignment;
    void* const block = std::aligned_alloc(alignment, rounded);
    if (block == nullptr) throw std::bad_alloc();
    // A hint: without huge pages everything works as well, a little slower.
    if (alignment == kHugePage) (void)madvise(block, rounded, MADV_HUGEPAGE);
    data_.reset(static_cast<T*>(block));
    size_ = size;
    return data_.get();
  }

  T* data() { return data_.get(); }
  const T* data() const { return data_.get(); }
  size_t size() const { return size_; }

 private:
  static constexpr size_t kCacheLine = 64;
  static constexpr size_t kHugePage = size_t{2} << 20;
  struct Free {
    void operator()(T* block) const { std::free(block); }
  };

  std::unique_ptr<T, Free> data_;
  size_t size_ = 0;
};

}  // namespace assay

#endif  // ASSAY_MODEL_ALIGNED_BUFFER_H_
