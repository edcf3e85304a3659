// The Components class: parameters whose number fits what families.hpp says of their law.
#include <memory>
#include <stdexcept>
#include <string>

#include "families.hpp"
#include "fastgen/fastgen.hpp"
#include "sizes.hpp"

namespace fastgen {
namespace {

std::int64_t extent(Extent e, std::int64_t K, std::int64_t D) { return e == Extent::K ? K : e == Extent::D ? D : 1; }

}  // namespace

std::shared_ptr<const Components> Components::make(std::string_view family, std::string_view variant,
                                                   std::int64_t n_components, std::int64_t n_features,
                                                   std::vector<std::vector<double>> parameters) {
  for (const FamilyInfo& info : families) {
    if (info.name != family || info.variant != variant) continue;
    if (n_components < 1 || n_features < 1 || (info.scalar && n_features != 1))
      throw std::invalid_argument("a family needs at least one component and one feature");
    std::size_t count = 0;
    std::int64_t width = 1;
    for (const ParameterShape& shape : info.parameters) {
      if (shape.name.empty()) continue;
      std::int64_t size = 1;
      bool any = false;
      for (const Extent e : shape.extents) {
        size = checked_product(std::string(shape.name).c_str(), size, extent(e, n_components, n_features));
        any = any || e == Extent::any;
      }
      const std::int64_t found = count < parameters.size() ? std::int64_t(parameters[count].size()) : 0;
      if (any && found > 0 && found % size == 0) {
        width = found / size;
        size = found;
      }
      if (found != size)
        throw std::invalid_argument(std::string(shape.name) + " of " + std::string(family) + " must have " +
                                    std::to_string(size) + " values");
      ++count;
    }
    auto made = std::shared_ptr<Components>(new Components);
    made->info_ = &info;
    made->n_components_ = n_components;
    made->n_features_ = n_features;
    made->width_ = width;
    made->parameters_ = std::move(parameters);
    return made;
  }
  throw std::invalid_argument("unknown family '" + std::string(family) + "', variant '" + std::string(variant) + "'");
}

std::string_view Components::family() const { return info_->name; }
std::string_view Components::variant() const { return info_->variant; }
bool Components::scalar() const { return info_->scalar; }

std::shared_ptr<const Components> Components::product(std::vector<std::shared_ptr<const Components>> columns) {
  if (columns.empty()) throw std::invalid_argument("a product needs at least one column");
  for (const auto& c : columns)
    if (!c->scalar() || c->n_components() != columns.front()->n_components())
      throw std::invalid_argument("the columns of a product are scalar laws with one number of components");
  const std::int64_t K = columns.front()->n_components();
  auto made = std::const_pointer_cast<Components>(make("Product", "", K, std::int64_t(columns.size()), {}));
  made->columns_ = std::move(columns);
  return made;
}

}  // namespace fastgen
