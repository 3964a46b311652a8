-- Metatables: classes, operators, proxies, weak tables, finalisers.
local Vector = {}
Vector.__index = Vector
local function vector(x, y) return setmetatable({x = x, y = y}, Vector) end
Vector.__add = function(a, b) return vector(a.x + b.x, a.y + b.y) end
Vector.__sub = function(a, b) return vector(a.x - b.x, a.y - b.y) end
Vector.__mul = function(a, b) if type(a) == 'number' then return vector(a * b.x, a * b.y) end return vector(a.x * b, a.y * b) end
Vector.__unm = function(a) return vector(-a.x, -a.y) end
Vector.__eq = function(a, b) return a.x == b.x and a.y == b.y end
Vector.__lt = function(a, b) return a:length() < b:length() end
Vector.__le = function(a, b) return a:length() <= b:length() end
Vector.__tostring = function(a) return '(' .. a.x .. ', ' .. a.y .. ')' end
Vector.__len = function() return 2 end
Vector.__concat = function(a, b) return tostring(a) .. tostring(b) end
Vector.__call = function(self, k) return self[k] end
Vector.__idiv = function(a, b) return vector(a.x // b, a.y // b) end
Vector.__band = function(a, b) return vector(a.x & b, a.y & b) end
Vector.__shl = function(a, b) return vector(a.x << b, a.y << b) end
Vector.__bnot = function(a) return vector(~a.x, ~a.y) end
function Vector:length() return (self.x * self.x + self.y * self.y) ^ 0.5 end
local a, b = vector(3, 4), vector(1, 2)
print(tostring(a + b), tostring(a - b), tostring(a * 2), tostring(2 * a), tostring(-a), a == vector(3, 4), a ~= b, a < b, a <= b, a > b, #a, a .. b, a .. 'x', a('x'), a:length())
print(tostring(a // 2), tostring(a & 1), tostring(a << 3), tostring(~a))

local Animal = {} Animal.__index = Animal
function Animal.new(name) return setmetatable({name = name}, Animal) end
function Animal:speak() return self.name .. ' makes a sound' end
local Dog = setmetatable({}, {__index = Animal}) Dog.__index = Dog
function Dog.new(name) local self = Animal.new(name) return setmetatable(self, Dog) end
function Dog:speak() return Animal.speak(self) .. ': woof' end
print(Animal.new('cat'):speak(), Dog.new('rex'):speak(), getmetatable(Dog.new('x')) == Dog)

local log = {}
local proxy = setmetatable({}, {
  __index = function(_, k) log[#log + 1] = 'get ' .. tostring(k) return k .. '!' end,
  __newindex = function(t, k, v) log[#log + 1] = 'set ' .. tostring(k) rawset(t, k, v) end,
  __pairs = function() return function(_, k) if not k then return 'only', 1 end end, nil, nil end,
  __metatable = 'locked',
})
print(proxy.a, proxy.b) proxy.c = 3 print(proxy.c, table.concat(log, ', '), getmetatable(proxy), pcall(setmetatable, proxy, {}))
for k, v in pairs(proxy) do print(k, v) end
local defaults = setmetatable({}, {__index = setmetatable({a = 1}, {__index = setmetatable({b = 2}, {__index = function(_, k) return k .. '?' end})})})
print(defaults.a, defaults.b, defaults.c, rawget(defaults, 'a'))

local weak, strong = setmetatable({}, {__mode = 'k'}), {}
for i = 1, 100 do local key = {} weak[key] = i if i % 10 == 0 then strong[#strong + 1] = key end end
collectgarbage() collectgarbage()
local left = 0 for _ in pairs(weak) do left = left + 1 end
print(left, #strong)
local finalised = 0
for i = 1, 500 do setmetatable({}, {__gc = function() finalised = finalised + 1 end}) end
collectgarbage() collectgarbage()
print(finalised)
for _, mode in ipairs{'generational', 'incremental'} do
  collectgarbage(mode)
  local keep = {}
  for i = 1, 20000 do keep[i % 100 + 1] = {i, tostring(i), {i}} end
  print(mode, #keep, keep[1][1], keep[100][2])
end
local multi = setmetatable({}, {__index = table}) multi:insert('x') multi:insert('y') print(multi:concat('+'), multi:unpack())
